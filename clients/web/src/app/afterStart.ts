/** What the page does when it is at rest: it can be installed, starts without a network, and loads its parts. */

/** Load the parts that a user may want at once, and keep them for a start without a network. */
export default function afterStart(at: (path: string) => string): void {
  const manifest = document.createElement("link");
  Object.assign(manifest, { rel: "manifest", href: at("manifest.webmanifest") });
  document.head.append(manifest);
  // Only a secure page has service workers.
  navigator.serviceWorker?.register(at("sw.js"), { scope: at("") }).catch(() => {});
  void import("./MoreDialogs.tsx").catch(() => {});
  void import("../features/timeline/ActionBar.tsx").catch(() => {});
  void import("../features/menu/MenuItems.tsx").catch(() => {});
  void import("../features/search/SearchPanel.tsx").catch(() => {});
}

/** Return whether the node has another build of the page than this one; false if that is not known. */
export async function isOutdated(at: (path: string) => string): Promise<boolean> {
  const own = document.documentElement.dataset.build;
  try {
    const response = await fetch(at("build.json"), { cache: "no-store" });
    const { build }: { build?: unknown } = await response.json();
    return own !== undefined && typeof build === "string" && build !== own;
  } catch {
    return false;
  }
}
