// A room that nobody has used: its id, and the link to it.

/** Without letters and digits that are taken for each other. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
const LENGTH = 14; // 69 bits: nobody guesses one, and no two are ever the same

/** The bytes are random; those that would favour some letters are passed over. */
export function newRoomId(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (b) => crypto.getRandomValues(b)): string {
  const fair = 256 - (256 % alphabet.length);
  let id = "";
  while (id.length < LENGTH) {
    for (const b of random(new Uint8Array(32))) if (b < fair && id.length < LENGTH) id += alphabet[b % alphabet.length];
  }
  return id;
}

/** Where people meet in it. */
export function roomLink(origin: string, id: string): string {
  return `${origin}/call/?${new URLSearchParams({ roomId: id })}`;
}
