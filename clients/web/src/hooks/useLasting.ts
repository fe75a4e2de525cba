import { useEffect, useState } from "react";

/** Return true once the condition has lasted for this time. */
export function useLasting(is: boolean, delay: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!is) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), delay);
    return () => clearTimeout(timer);
  }, [is, delay]);
  return is && lasting;
}
