// The page's state: who has signed in, for which company, and where they look.

import { batch, signal } from "@preact/signals";
import { Access, type Me, type Routes } from "./access";
import { hashOf, readPlace } from "./address";
import { Api, Problem, type Item } from "./api";
import { type Key, t } from "./i18n";
import { linkToken, isAbout, passwordPath } from "./password";
import { collection, sections, type Block, type Section } from "./sections";

export interface Company {
  id: string;
  name: string;
}

export type Phase = "loading" | "signin" | "forgot" | "password" | "ready" | "away";

export interface Notice {
  id: number;
  text: string;
  problem: boolean;
}

const noticeTime = 5000; // ms

/** The address to which the API leads who comes back from a provider and is nobody. */
const signInFailed = "#sign-in-failed";

export class Model {
  readonly api: Api;
  readonly phase = signal<Phase>("loading");
  readonly me = signal<Me | null>(null);
  readonly companies = signal<Company[]>([]);
  /** There are more companies than the list shows. */
  readonly manyCompanies = signal(false);
  readonly company = signal<Company | null>(null);
  readonly section = signal("");
  readonly notices = signal<Notice[]>([]);
  /** Why somebody must sign in again. */
  readonly reason = signal<Key | null>(null);
  /** The secret of the password link that led here; "" for none that works, "used" once a password is chosen. */
  readonly link = signal("");
  routes: Routes = {};
  access = new Access({}, null);
  private nextNotice = 0;

  constructor(api = new Api()) {
    this.api = api;
    api.onEnded = () => this.leave("signin.ended");
  }

  /** Whether people sign in with a password here, or with an API key alone. */
  get passwords(): boolean {
    return this.routes["POST /sessions"] !== undefined;
  }

  /** Whether who forgot a password can be sent a link. */
  get forgets(): boolean {
    return this.routes["POST /password-links"] !== undefined;
  }

  /** Whether companies may have people sign in at a provider of their own. */
  get providers(): boolean {
    return this.routes["GET /sessions/openid"] !== undefined;
  }

  /** Whether who has signed in can change the password. */
  get changesPassword(): boolean {
    const me = this.me.value;
    return me?.user !== undefined && !me.sso && this.routes["POST /me/password"] !== undefined;
  }

  async start(): Promise<void> {
    this.readAddress();
    addEventListener("hashchange", () => this.readAddress());
    addEventListener("hashchange", () => void this.follow());
    await this.begin();
  }

  /** Takes out of the address what must not stay there: secrets, and what happened once. */
  private readAddress(): void {
    if (location.pathname === passwordPath && location.hash !== "") {
      this.link.value = linkToken(location.hash);
      history.replaceState(null, "", passwordPath);
    } else if (location.hash === signInFailed) {
      this.reason.value = "signin.failed";
      history.replaceState(null, "", location.pathname);
    }
  }

  async begin(): Promise<void> {
    this.phase.value = "loading";
    try {
      const res = await fetch("/admin/routes.json", { signal: AbortSignal.timeout(10_000) });
      if (!res.ok) throw new Error(String(res.status));
      this.routes = (await res.json()) as Routes;
    } catch {
      this.phase.value = "away";
      return;
    }
    if (location.pathname === passwordPath) {
      this.phase.value = "password";
      return;
    }
    if (!this.passwords) {
      this.phase.value = "signin";
      return;
    }
    try {
      await this.enter(); // a cookie may be there
    } catch {
      this.phase.value = "signin";
    }
  }

  async byPassword(email: string, password: string, company: string): Promise<void> {
    const body = { email, password, ...(company ? { company } : {}) };
    await this.api.create("/sessions", body, { "Meridian-Cookie": "1" });
    try {
      await this.enter();
    } catch (e) {
      // Without TLS browsers take no such cookie; then the tab keeps the token.
      if (!(e instanceof Problem) || e.status !== 401) throw e;
      const s = await this.api.create<{ token: string }>("/sessions", body);
      await this.byKey(s.token);
    }
  }

  async byKey(key: string): Promise<void> {
    this.api.credential = key;
    try {
      await this.enter();
    } catch (e) {
      this.api.credential = null;
      throw e;
    }
  }

  /** Goes to the company's provider. company is an id or a host name; empty for that of the own host. */
  async byProvider(company: string): Promise<void> {
    const path = `/sessions/openid${company ? `?${new URLSearchParams({ company })}` : ""}`;
    if (!(await this.api.leadsAway(path))) throw new Problem(0, "no_provider");
    location.assign(`/api/v1${path}`);
  }

  /** Has a letter sent with a link, if the address is somebody's; nobody is told whether. */
  async forgot(email: string, company: string): Promise<void> {
    await this.api.call("POST", "/password-links", { email, ...(company ? { company } : {}) });
  }

  /** Sets the password of the link's user. A link that is over is no reason to fail: the page says so then. */
  async redeem(password: string): Promise<void> {
    try {
      await this.api.call("POST", "/password-links/redeem", { token: this.link.value, password });
      this.link.value = "used";
    } catch (e) {
      if (!isAbout(e, "token")) throw e;
      this.link.value = "";
    }
  }

  async changePassword(now: string, next: string): Promise<void> {
    await this.api.call("POST", "/me/password", { password: now, new_password: next });
    this.leave("signin.changed");
  }

  /** Puts the link's address away. */
  toSignIn(phase: "signin" | "forgot" = "signin"): void {
    if (location.pathname === passwordPath) history.replaceState(null, "", "/admin/");
    batch(() => {
      this.link.value = "";
      this.reason.value = null;
      this.phase.value = phase;
    });
  }

  private async enter(): Promise<void> {
    const me = this.routes["GET /me"] !== undefined ? await this.api.get<Me>("/me") : null;
    const access = new Access(this.routes, me);
    let companies: Company[] = [];
    let many = false;
    if (me?.company && !access.may("GET", "/companies")) companies = [{ id: me.company.id, name: me.company.name ?? me.company.id }];
    else {
      const page = await this.api.list("/companies", "", 200);
      companies = page.items.map((c) => ({ id: c.id, name: String(c["name"] ?? c.id) }));
      many = page.next_cursor !== undefined;
    }
    batch(() => {
      this.access = access;
      this.me.value = me;
      this.companies.value = companies;
      this.manyCompanies.value = many;
      this.reason.value = null;
      this.phase.value = "ready";
    });
    await this.follow();
  }

  /** Goes where the address says, or to the first thing there is. */
  private async follow(): Promise<void> {
    if (this.phase.value !== "ready") return;
    const place = readPlace(location.hash);
    let company = this.companies.value.find((c) => c.id === place.company) ?? null;
    if (!company && place.company) company = await this.fetchCompany(place.company);
    company ??= this.companies.value[0] ?? null;
    const visible = this.sections();
    batch(() => {
      this.company.value = company;
      this.section.value = visible.some((s) => s.id === place.section) ? place.section : (visible[0]?.id ?? "");
    });
  }

  private async fetchCompany(id: string): Promise<Company | null> {
    try {
      const c = await this.api.get<Item>(`/companies/${encodeURIComponent(id)}`);
      return { id: c.id, name: String(c["name"] ?? c.id) };
    } catch {
      return null;
    }
  }

  go(section: string, company = this.company.value?.id ?? ""): void {
    location.hash = hashOf({ company, section });
  }

  /** The path of something of the company at hand. */
  path(...parts: string[]): string {
    return ["/companies", this.company.value?.id ?? "", ...parts].map((p, i) => (i === 0 ? p : encodeURIComponent(p))).join("/");
  }

  sections(): Section[] {
    return sections.filter((s) => (s.id === "settings" || s.id === "looks" ? this.access.may("GET", "/companies/{company}/settings") : this.blocks(s).length > 0));
  }

  blocks(s: Section): Block[] {
    return s.blocks.filter((b) => this.access.may("GET", collection(b)));
  }

  async signOut(): Promise<void> {
    if (this.me.value?.user && this.routes["DELETE /sessions/current"] !== undefined) {
      try {
        await this.api.remove("/sessions/current");
      } catch {
        // Ended already, or nobody answers: the tab forgets all the same.
      }
    }
    this.leave(null);
  }

  private leave(reason: Key | null): void {
    this.api.credential = null;
    batch(() => {
      this.me.value = null;
      this.companies.value = [];
      this.company.value = null;
      this.reason.value = reason;
      this.phase.value = "signin";
    });
  }

  say(text: string, problem = false): void {
    const id = this.nextNotice++;
    this.notices.value = [...this.notices.value.slice(-2), { id, text, problem }];
    setTimeout(() => this.hush(id), noticeTime * (problem ? 2 : 1));
  }

  hush(id: number): void {
    this.notices.value = this.notices.value.filter((n) => n.id !== id);
  }
}

/** A refusal in words. What the API says in detail is English; it stands beside our own sentence. */
export function words(e: unknown): string {
  if (!(e instanceof Problem)) return t("problem.internal");
  const key = known[e.code];
  if (key) return t(key);
  return e.detail || t("problem.internal");
}

const known: Record<string, Key> = {
  unreachable: "problem.unreachable",
  no_provider: "signin.noProvider",
  no_leader: "problem.unreachable",
  unavailable: "problem.unreachable",
  unauthorized: "problem.unauthorized",
  forbidden: "problem.forbidden",
  insufficient_scope: "problem.forbidden",
  not_found: "problem.gone",
  stale: "problem.stale",
  too_many_requests: "problem.slow",
  validation_failed: "problem.fields",
  internal: "problem.internal",
};
