import { Component, type ReactNode } from "react";

/** When a page breaks, or its script is gone because a newer version was put online. */
export class Boundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <main className="mx-auto grid max-w-md justify-items-center gap-4 px-6 py-24 text-center">
        <h1 className="text-2xl">This page broke</h1>
        <p className="text-muted">It may be older than the board. Loading it again often helps.</p>
        <button
          type="button"
          className="min-h-11 rounded-xl bg-accent px-5 font-medium text-on-accent"
          onClick={() => location.reload()}
        >
          Load it again
        </button>
      </main>
    );
  }
}
