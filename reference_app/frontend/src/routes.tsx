// Every page and its address. The first words of the addresses are also nginx's to know
// (deploy/nginx/site.conf); tests/frontend holds the two together.
import { lazy, type ComponentType } from "react";

type Load = () => Promise<{ default: ComponentType }>;

export interface PageRoute {
  path: string;
  page: ComponentType;
  /** Only for people who are signed in. */
  isInside: boolean;
}

const open = (path: string, load: Load): PageRoute => ({ path, page: lazy(load), isInside: false });
const inside = (path: string, load: Load): PageRoute => ({ path, page: lazy(load), isInside: true });

export const ROUTES: readonly PageRoute[] = [
  open("/", () => import("./pages/home")),
  open("/jobs", () => import("./pages/jobs")),
  open("/jobs/:id", () => import("./pages/job")),
  open("/companies/:id", () => import("./pages/company")),
  open("/people", () => import("./pages/people")),
  open("/people/:id", () => import("./pages/person")),
  open("/sign-in", () => import("./pages/sign-in")),
  open("/sign-in/google", () => import("./pages/google-return")),
  open("/sign-up", () => import("./pages/sign-up")),
  open("/forgot-password", () => import("./pages/forgot-password")),
  open("/reset-password", () => import("./pages/reset-password")),
  open("/verify-email", () => import("./pages/verify-email")),
  open("/invitations", () => import("./pages/invitations")),
  open("/pricing", () => import("./pages/pricing")),
  inside("/profile", () => import("./pages/profile")),
  inside("/applications", () => import("./pages/applications")),
  inside("/saved", () => import("./pages/saved")),
  inside("/saved/searches", () => import("./pages/saved-searches")),
  inside("/desk", () => import("./pages/desk")),
  inside("/desk/new", () => import("./pages/post-job")),
  inside("/desk/team", () => import("./pages/team")),
  inside("/desk/campaigns", () => import("./pages/campaigns")),
  inside("/desk/campaigns/new", () => import("./pages/new-campaign")),
  inside("/desk/campaigns/:id", () => import("./pages/campaign")),
  inside("/desk/jobs/:id", () => import("./pages/applicants")),
  inside("/messages", () => import("./pages/messages")),
  inside("/messages/:id", () => import("./pages/messages")),
  inside("/notifications", () => import("./pages/notifications")),
  inside("/feed", () => import("./pages/feed")),
  inside("/billing", () => import("./pages/billing")),
  inside("/billing/done", () => import("./pages/billing-done")),
  inside("/admin", () => import("./pages/admin")),
];
