import { createPortal } from "react-dom";
import { ThreadPanel, type ThreadPanelProps } from "../features/thread/ThreadPanel.tsx";
import { useAllTexts } from "../i18n/useAllTexts.ts";
import { Drawer } from "../ui/Drawer.tsx";
import styles from "./Chat.module.css";

interface Props extends ThreadPanelProps {
  readonly modal: boolean;
}

/** A thread, beside the room: a part of the page. */
export default function ThreadDrawer({ modal, ...props }: Props) {
  const { thread } = useAllTexts();
  const page = document.querySelector("main")?.parentElement;
  if (!page) return null;
  const drawer = (
    <Drawer
      id="thread"
      className={styles.search}
      label={thread.title}
      open
      modal={modal}
      onClose={props.onClose}
    >
      <ThreadPanel {...props} />
    </Drawer>
  );
  // The room itself is inert while a drawer covers it.
  return createPortal(drawer, page);
}
