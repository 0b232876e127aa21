// Pictures that are kept in a setting: of a file, its bytes as a data: address.

/** Letters of a data: address that the API takes. */
export const maxPicture = 16_384;

export const pictureTypes = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"];

/** Whether a value is a picture itself, rather than where one is. */
export const isPicture = (value: string): boolean => value.startsWith("data:image/");

/** The data: address of a file's bytes; null where the API would not take it. */
export function pictureOf(type: string, bytes: Uint8Array): string | null {
  if (!pictureTypes.includes(type) || bytes.length > maxPicture) return null;
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  const address = `data:${type};base64,${btoa(text)}`;
  return address.length <= maxPicture ? address : null;
}
