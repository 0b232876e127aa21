// What this build's API has, and what the caller may do of it.

export interface Me {
  user?: { id: string; name?: string; email?: string; role: string };
  key?: { id: string; name?: string };
  role?: string;
  reach: "platform" | "reseller" | "company" | "self";
  company?: { id: string; name?: string };
  permissions: string[];
  /** The company's server opened the session: the password is not the user's to change. */
  sso?: boolean;
}

/** routes.json: "GET /companies/{company}/rooms" to the scope that it needs. */
export type Routes = Record<string, string>;

export class Access {
  constructor(
    private readonly routes: Routes,
    private readonly me: Me | null,
  ) {}

  /** Whether the API has a route and the caller may use it. Without an answer to who the caller is, refusals tell. */
  may(method: string, path: string): boolean {
    const scope = this.routes[`${method} ${path}`];
    if (scope === undefined) return false;
    if (scope === "" || this.me === null) return true;
    const [thing, verb] = scope.split(":");
    return this.me.permissions.includes(scope) || (verb === "read" && this.me.permissions.includes(`${thing}:write`));
  }

  /** Whether the caller reaches what is their own and no more: of people, themselves. */
  get alone(): boolean {
    return this.me?.reach === "self";
  }

  /** All scopes that the caller can give a key. */
  scopes(): string[] {
    const all = [...new Set(Object.values(this.routes))].filter((s) => s !== "" && /^[a-z-]+:(read|write)$/.test(s));
    const forCompanies = new Set(Object.entries(this.routes).filter(([r]) => r.includes("/companies")).map(([, s]) => s));
    return all.filter((s) => forCompanies.has(s) && (this.me === null || this.me.permissions.includes(s) || this.me.permissions.includes(s.replace(":read", ":write")))).sort();
  }
}
