import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { comeFromGoogle } from "../data/google";
import { useAction } from "../data/use-action";
import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Loading, Refusal } from "../ui/states";

export default function GoogleReturn() {
  const [, go] = useLocation();
  const isBegun = useRef(false);
  const { run, error } = useAction(async () => {
    go(await comeFromGoogle(new URLSearchParams(location.search)), { replace: true });
  });
  useEffect(() => {
    // What came back is good for one time.
    if (!isBegun.current) void run();
    isBegun.current = true;
  }, [run]);
  return (
    <Page title="Signing in with Google" narrow>
      {error === null ? (
        <Loading rows={1} />
      ) : (
        <div className="grid justify-items-start gap-4">
          <Refusal error={error} />
          <ButtonLink href="/sign-in">Sign in</ButtonLink>
        </div>
      )}
    </Page>
  );
}
