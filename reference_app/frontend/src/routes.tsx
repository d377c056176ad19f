// Every page and its address. The first words of the addresses are also nginx's to know
// (deploy/nginx/site.conf); tests/frontend holds the two together.
import { lazy, type ComponentType } from "react";

type Load = () => Promise<{ default: ComponentType }>;

export interface PageRoute {
  path: string;
  page: ComponentType;
  /** Only for people who are signed in. */
  inside?: boolean;
}

const open = (path: string, load: Load): PageRoute => ({ path, page: lazy(load) });

export const ROUTES: readonly PageRoute[] = [
  open("/", () => import("./pages/home")),
  open("/jobs", () => import("./pages/jobs")),
  open("/jobs/:id", () => import("./pages/job")),
];
