import { useEffect, useState } from "react";

const longestWait = 3_600_000;

/** Return the start of the local day; it changes at midnight, also if the machine slept through it. */
export function useToday(): number {
  const [today, setToday] = useState(startOfToday);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const look = () => {
      setToday(startOfToday());
      clearTimeout(timer);
      timer = setTimeout(look, Math.min(longestWait, untilTomorrow()));
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return today;
}

function startOfToday(): number {
  return new Date().setHours(0, 0, 0, 0);
}

function untilTomorrow(): number {
  return new Date().setHours(24, 0, 0, 50) - Date.now();
}
