// What a person types to be let in: the room's password, the moderators' PIN. It
// is in this page alone: no address, storage, history entry or seat has it, and a
// reload returns by ticket.

import { batch, signal } from "@preact/signals-core";

/** What came of it: nothing yet, a password is wanted, what is wrong, or too much of that was. */
export type Answer = "" | "asked" | "password" | "pin" | "either" | "pause";

export interface Refused {
  code: string;
  ask?: boolean;
  retryAfter?: number;
}

export class Secrets {
  /** The room has a password, and this person is asked for it. */
  readonly asked = signal(false);
  /** The moderators' PIN would make this person one. */
  readonly helps = signal(false);
  readonly password = signal("");
  readonly pin = signal("");
  readonly answer = signal<Answer>("");
  /** Grows with every answer, so that the same one twice is said twice. */
  readonly answers = signal(0);

  /** The look ahead says what will be asked. */
  foreseen(asked: boolean, helps: boolean): void {
    batch(() => {
      this.asked.value = asked;
      this.helps.value = helps;
    });
  }

  /** Takes a refusal; says whether it is one to type against. */
  refused(r: Refused): boolean {
    if (r.code !== "wrong_password") return false;
    const { password, pin } = this.given();
    const answer = judged(r, password !== undefined, pin !== undefined);
    batch(() => {
      if (answer === "asked") this.asked.value = true;
      this.answer.value = answer;
      this.answers.value++;
    });
    return true;
  }

  /** Another try has begun. */
  tried(): void {
    this.answer.value = "";
  }

  /** For the join; what is not typed is left out. */
  given(): { password?: string; pin?: string } {
    const password = this.asked.peek() ? this.password.peek() : "";
    const pin = this.pin.peek().trim();
    return { ...(password && { password }), ...(pin && { pin }) };
  }
}

/** What a refusal says of what was typed. */
export function judged(r: Refused, password: boolean, pin: boolean): Exclude<Answer, ""> {
  if (r.ask || (!password && !pin)) return "asked";
  if (r.retryAfter) return "pause";
  if (password && pin) return "either";
  return pin ? "pin" : "password";
}
