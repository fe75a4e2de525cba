/** The English texts of the page; those of its parts are in `allEnglish.ts`. */
import { plural } from "./plural.ts";

export const en = {
  locale: undefined as string | undefined,

  // Sign-in
  signIn: {
    invitation: (room: string) => `You are invited to #${room}.`,
    about: "A chat for everyone who has the link. Choose a name, and join.",
    name: "Your name",
    join: "Join",
    joining: "Joining…",
    cancel: "Cancel",
    offline: "You are offline. You will join when you are back online.",
    unreachable: (seconds: number) => `The server cannot be reached. Next attempt in ${seconds} s.`,
    taken: (name: string) => `${name} is in use. Choose another name.`,
    takenButFree: (name: string, free: string) => `${name} is in use. ${free} is free.`,
    invalid: "Invalid name. Use 1 to 32 visible characters, without control characters.",
    noGuests: "This server does not allow guests.",
    rejected: (code: number | string) =>
      `The server rejected the connection (code ${code}). Try again, or ask its operator.`,
  },

  // Rooms
  rooms: {
    title: "Rooms",
    column: "Rooms and account",
    favourites: "Favourites",
    join: "Join a room",
    switcher: "Go to room…",
    switcherNone: "No room of this name.",
    switcherJoin: (name: string) => `Join #${name}`,
    new: (count: number) => `${count} new`,
    mentions: (count: number) => `${count} ${plural(count, "mention", "mentions")}`,
    draft: "Draft",
    menu: "Room menu",
    favourite: "Add to favourites",
    notFavourite: "Remove from favourites",
    copyLink: "Copy link",
    linkCopied: "Link copied",
    markRead: "Mark as read",
    leave: "Leave room",
    left: (room: string) => `You left #${room}.`,
    undo: "Undo",
  },

  // People
  members: {
    title: "Members",
    count: (count: number) => `${count} ${plural(count, "member", "members")}`,
    you: "you",
    more: "Show more",
    close: "Close",
  },
  me: {
    menu: "Your account",
    changeName: "Change name",
    settings: "Settings",
    keys: "Keyboard shortcuts",
  },

  // Messages
  list: {
    label: (room: string) => `Messages in ${room}`,
    loading: "Loading…",
    beginning: "This is the beginning of the room.",
    notKept: "Older messages are not kept.",
    gap: "Some messages are missing here: the server no longer has them.",
    restarted: "The server restarted. It no longer has the messages above this line.",
    lost: "Some messages are lost: the server no longer has them.",
    ok: "OK",
    latest: "Go to latest",
    missed: (count: number) => `${count} new`,
    unread: "New",
    notFound: "This message is no longer kept.",
  },
  message: {
    sending: "Sending…",
    sent: "Sent",
    notSent: (reason: string) => `Not sent: ${reason}`,
    waits: (reason: string) => `Not sent yet: ${reason}`,
    retry: "Retry",
    delete: "Delete",
    copied: "Text copied",
    linkCopied: "Link copied",
    copyFailed: "The browser does not allow copying.",
    react: "React",
    edited: "(edited)",
    replies: (count: number) => `${count} ${plural(count, "reply", "replies")}`,
    deleted: "This message was deleted.",
    deletedNow: "Message deleted.",
    undo: "Undo",
    notChanged: (reason: string) => `Not changed: ${reason}`,
    replyTo: (name: string) => `Reply to ${name}`,
    replyToEarlier: "Reply to an earlier message",
    editing: "Edit message",
    cancel: "Cancel",
    reactions: (emoji: string, names: string) => `${emoji} by ${names}`,
    code: "Code",
  },
  composer: {
    label: (room: string) => `Message to ${room}`,
    send: "Send",
    emoji: "Emoji",
    tooMany: (count: number) => `${count} ${plural(count, "character", "characters")} too many`,
    suggestions: "Suggestions",
  },

  // Connection
  connection: {
    offline: "You are offline. Your messages will be sent when you are back online.",
    waiting: (seconds: number) => `Connection lost. Reconnecting in ${seconds} s.`,
    connecting: "Connecting…",
    reconnecting: "Reconnecting…",
    catchingUp: "Catching up…",
    tryNow: "Try now",
    connect: "Connect again",
    nameTaken: "Another user has taken your name.",
    origin: "This server does not allow connections from this page’s address.",
    disconnected: "Disconnected.",
    closed: (code: number | string) => `The server closed the connection (code ${code}).`,
    lost: "Connection lost",
    restored: "Connection restored",
  },

  // Attention
  announce: {
    message: (user: string, text: string) => `${user}: ${text}`,
    messages: (count: number) => `${count} new ${plural(count, "message", "messages")}`,
  },
  notify: {
    title: "Notifications",
    all: "All messages",
    mentions: "Mentions",
    none: "Nothing",
  },

  // Search
  search: {
    title: "Search",
    open: "Search messages",
  },
  date: {
    title: "Go to a date",
    open: "Go to a date…",
    none: "There are no messages from this day on.",
    loading: "Loading the history…",
  },
  page: {
    notLoaded:
      "This part of the page could not be loaded. Check the connection, or reload the page.",
  },

  // Dialogs
  settings: {
    close: "Close",
  },
  keys: {
    switcher: "Go to a room",
  },
};

export type Texts = typeof en;
