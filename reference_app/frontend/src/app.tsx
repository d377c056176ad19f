import { Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { hasExpired, usePerson } from "./api/session";
import NotFound from "./pages/not-found";
import { ROUTES, type PageRoute } from "./routes";
import { signInAddress } from "./data/going";
import { Shell } from "./ui/shell";
import { Loading } from "./ui/states";

function Shown({ route }: { route: PageRoute }) {
  const person = usePerson();
  if (route.isInside && person === null) {
    const here = location.pathname + location.search;
    return <Redirect to={signInAddress(here, hasExpired() ? "expired" : undefined)} replace />;
  }
  const Content = route.page;
  return <Content />;
}

export function App() {
  return (
    <Shell>
      <Suspense
        fallback={
          <div className="mx-auto max-w-5xl px-4 py-12 sm:px-6">
            <Loading />
          </div>
        }
      >
        <Switch>
          {ROUTES.map((route) => (
            <Route key={route.path} path={route.path}>
              <Shown route={route} />
            </Route>
          ))}
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Shell>
  );
}
