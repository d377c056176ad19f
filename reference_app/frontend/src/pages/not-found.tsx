import { ButtonLink } from "../ui/button";
import { Page } from "../ui/page";
import { Empty } from "../ui/states";

export default function NotFound() {
  return (
    <Page title="No such page">
      <Empty icon="search" title="There is no page here" action={<ButtonLink href="/jobs">See jobs</ButtonLink>}>
        The address may be mistyped, or what was here is gone.
      </Empty>
    </Page>
  );
}
