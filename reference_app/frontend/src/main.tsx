import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { onChange, session } from "./api/session";
import { forgetAll } from "./data/use-resource";
import { goLive } from "./live/socket";
import { Boundary } from "./ui/boundary";
import "./index.css";

let whose = session()?.person.id;
onChange(() => {
  const now = session()?.person.id;
  if (now !== whose) forgetAll();
  whose = now;
});

goLive();
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Boundary>
        <App />
      </Boundary>
    </StrictMode>,
  );
}
