import { expect, it } from "vitest";
import { themeOfCookies } from "../../src/ui/theme.ts";

it.each([
  ["", null],
  ["eva_theme=dark", "dark"],
  ["a=b; eva_theme=light; c=d", "light"],
  ["not_eva_theme=light", null],
  ["eva_theme=lightish", null],
  ["eva_theme=", null],
])("reads %j as %s", (cookies, expected) => {
  expect(themeOfCookies(cookies)).toBe(expected);
});
