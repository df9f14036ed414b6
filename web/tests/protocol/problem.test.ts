import { expect, it } from "vitest";
import { parseProblem } from "../../src/protocol/problem.ts";

it("reads problem details, and nothing else", () => {
  const problem = { type: "about:blank", title: "Conflict", status: 409, detail: "Not live." };
  expect(parseProblem(JSON.stringify(problem))).toEqual(problem);
  expect(parseProblem("<html>502 Bad Gateway</html>")).toBeNull();
  expect(parseProblem('{"status":"409"}')).toBeNull();
});
