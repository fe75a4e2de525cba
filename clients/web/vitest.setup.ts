import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// Testing Library tidies by itself only where tests are globals; ours are imported.
afterEach(cleanup);
