// What the page remembers on this device. In a frame with third-party storage
// blocked it remembers nothing and works all the same.

export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

export function remember(): Store {
  let storage: Storage | undefined;
  try {
    storage = globalThis.localStorage;
  } catch {
    storage = undefined;
  }
  return {
    get(key) {
      try {
        return storage?.getItem(`meridian.${key}`) ?? null;
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        storage?.setItem(`meridian.${key}`, value);
      } catch {
        // Full or forbidden: then not.
      }
    },
  };
}
