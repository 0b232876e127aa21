// The company's logo, which leads to the company where it has said so.

import type { App } from "../app";
import { t } from "../i18n";

export function Logo({ app }: { app: App }) {
  const { logo, link, name } = app.looks;
  if (!logo) return null;
  const picture = <img src={logo} alt={link ? "" : name} draggable={false} />;
  return (
    <header class="logo">
      {link ? (
        <a href={link} target="_blank" rel="noopener noreferrer" aria-label={t("brand.link", { name: name || new URL(link).hostname })}>
          {picture}
        </a>
      ) : (
        picture
      )}
    </header>
  );
}
