/** A SHA-256 as text: 64 hexadecimal digits in small letters. */

export const SHA256_DIGITS = 64;

/** for each character of ASCII 1 when it is such a digit */
const digits = Uint8Array.from({ length: 128 }, (_, code) =>
  '0123456789abcdef'.includes(String.fromCharCode(code)) ? 1 : 0,
);

/** True for such a text. Every file of a snapshot is asked several times, and a regular expression takes twice as long. */
export function isSha256(text: string): boolean {
  if (text.length !== SHA256_DIGITS) return false;
  for (let at = 0; at < SHA256_DIGITS; at++) if (digits[text.charCodeAt(at)] !== 1) return false;
  return true;
}
