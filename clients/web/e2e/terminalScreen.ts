/** A user of the full-screen terminal client, in a tmux terminal of 80 x 24. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { python, repository } from "./node.ts";

const timeout = 20_000;

/** Why no terminal can be started; null if it can. */
export function missingTmux(): string | null {
  try {
    execFileSync("tmux", ["-V"]);
    return null;
  } catch {
    return "tmux is not installed.";
  }
}

export class TerminalScreen {
  readonly #folder = mkdtempSync(join(tmpdir(), "hubbub-e2e-"));

  constructor(url: string, room: string, name: string) {
    const server = url.replace(/^http/, "ws");
    const settings = ["TERM=tmux-256color", "LANG=C.UTF-8", "TZ=UTC", "XDG_STATE_HOME=/dev/null"];
    const program = [python, "-m", "hubbub_cli", room, "--server", server, "--name", name];
    const size = ["-x", "80", "-y", "24"];
    const command = ["env", "-i", `PATH=${process.env.PATH}`, ...settings, ...program];
    this.#tmux("new-session", "-d", ...size, "-s", "screen", "-c", repository, ...command);
  }

  type(text: string): void {
    this.#tmux("send-keys", "-t", "screen", "-l", text);
  }

  enter(): void {
    this.#tmux("send-keys", "-t", "screen", "Enter");
  }

  say(text: string): void {
    this.type(text);
    this.enter();
  }

  async shows(words: string): Promise<void> {
    await expect.poll(() => this.text(), { timeout }).toContain(words);
  }

  text(): string {
    return this.#tmux("capture-pane", "-p", "-t", "screen");
  }

  /** The messages, from top to bottom: a time, and a name if it differs from the row above, beside the rooms. */
  said(names: readonly string[]): string[] {
    const row = new RegExp(`^.*? \\d\\d:\\d\\d +(?:(?:${names.join("|")}) )?(.*?)\\s*$`, "gm");
    return [...this.text().matchAll(row)].map((match) => match[1] ?? "");
  }

  close(): void {
    this.#tmux("kill-server");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tmux(...words: string[]): string {
    const all = ["-S", join(this.#folder, "tmux"), "-f", "/dev/null", ...words];
    return execFileSync("tmux", all, { encoding: "utf8" });
  }
}
