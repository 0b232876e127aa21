// One video as it is sent: follows who watches it and what it may use. Changes
// are made one at a time, since a sender takes parameters only in the version
// it gave out last.

import { adjust, feasible, nominal, sameEncodings, type Plan } from "./encodings";
import { Serial } from "./serial";

/** The part of RTCRtpSender that is used; tests give a fake. */
export type Parameters = Pick<RTCRtpSender, "getParameters" | "setParameters">;

export class VideoSender {
  private readonly queue = new Serial();
  private plan: Plan;
  private bound = Infinity;

  constructor(
    private readonly sender: Parameters,
    plan: Plan,
    /** How many layers anyone watches; Infinity: all. */
    private layers: number,
  ) {
    this.plan = plan.kind === "svc" ? feasible(plan, sender.getParameters().encodings) : plan;
  }

  get watched(): boolean {
    return this.layers > 0;
  }

  /** Bits per second that it would use unbounded. */
  get wants(): number {
    return nominal(this.plan, this.layers);
  }

  /** Whether an encoding is on; single ones have no rid. Not every browser's figures say so. */
  sends(rid: string): boolean {
    return this.sender.getParameters().encodings.some((e) => (e.rid ?? "") === rid && e.active !== false);
  }

  watch(layers: number): Promise<void> {
    this.layers = Math.max(0, layers);
    return this.apply();
  }

  /** Bounds it, bits per second. */
  limit(bound: number): Promise<void> {
    this.bound = bound;
    return this.apply();
  }

  /** The answer is here: what it did not agree to is not sent. */
  negotiated(): Promise<void> {
    this.plan = feasible(this.plan, this.sender.getParameters().encodings);
    return this.apply();
  }

  private apply(): Promise<void> {
    return this.queue.run(async () => {
      const parameters = this.sender.getParameters();
      const encodings = adjust(parameters.encodings, this.plan, this.layers, this.bound);
      if (encodings.length === 0 || sameEncodings(parameters.encodings, encodings)) return;
      // A closed sender refuses, and so does one without negotiation: negotiated() comes again.
      await this.sender.setParameters({ ...parameters, encodings }).catch(() => {});
    });
  }
}
