import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// What a busy machine needs to render: a test waits for it, and fails only if it never comes.
configure({ asyncUtilTimeout: 10_000 });

// Testing Library cleans up automatically only with global test functions.
afterEach(cleanup);

// jsdom has no modal dialogs.
HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
  this.open = true;
};
