import assert from "node:assert/strict";
import { commentOut, type Move, moveLines } from "../../../lib/config/yaml_lines.ts";
import { test } from "../../harness.ts";

const down = (from: string, to = from): Move => ({ from: [from], to: ["agent", to] });

test("moveLines() moves whole lines below a key, comments, blanks and odd spacing with them", () => {
  const text = `# the file
version: 2

# who
token:   abc     # mine
tunnels:   # all
  web: # w
    addr:   80

# where from
ips:
- 1.1.1.1   # one
note: |
  one
    two

cas:  host
# the end
`;
  assert.equal(
    moveLines(text, [down("token"), down("ips"), down("note"), down("cas", "connect_cas")]),
    `# the file
version: 2
agent:

  # who
  token:   abc     # mine

  # where from
  ips:
  - 1.1.1.1   # one
  note: |
    one
      two

  connect_cas:  host
tunnels:   # all
  web: # w
    addr:   80
# the end
`,
  );
});

test("moveLines() renames a key where it is, and puts its value into a list", () => {
  const move: Move = { from: ["t", "w", "auth"], to: ["t", "w", "basic_auth"], value: ["u:p"] };
  assert.equal(
    moveLines('t:\n  w: # w\n    auth:  "u:p"   # why\n', [move]),
    't:\n  w: # w\n    basic_auth:  ["u:p"]   # why\n',
  );
  assert.equal(moveLines("a: 1", [{ from: ["a"], to: ["b"] }]), "b: 1");
  assert.equal(moveLines("a: 1", [down("a")]), "agent:\n  a: 1\n");
  assert.equal(moveLines("---\na: 1\n...\n", [down("a")]), "---\nagent:\n  a: 1\n...\n");
});

test("moveLines() gives up where lines are not enough", () => {
  const cases: [text: string, moves: Move[]][] = [
    ["{a: 1}", [down("a")]],
    ["agent:\n  b: 1\na: 1\n", [down("a")]],
    ['"a": 1\n', [down("a")]],
    ["b: 1\n", [down("a")]],
    ["a: 1\nb: 2\n", [{ from: ["a"], to: ["b"] }]],
    ["a: {x: 1}\n", [{ from: ["a"], to: ["b"] }]],
    ["a: 1\n", [{ from: ["a"], to: ["b"], value: 2 }]],
    ["a: 1\n", [{ from: ["a"], to: ["b", "c", "d"] }]],
  ];
  for (const [text, moves] of cases) assert.equal(moveLines(text, moves), undefined, text);
});

test("commentOut() makes comments of keys with all their lines, and leaves what it cannot change", () => {
  assert.equal(
    commentOut("# top\na: 1\nb:\n  c: 2\n\n  d: 3\n# end\n", ["b"]),
    "# top\na: 1\n# b:\n#   c: 2\n\n#   d: 3\n# end\n",
  );
  assert.equal(commentOut("{a: 1}", ["a"]), "{a: 1}");
  assert.equal(commentOut("a: 1\n", []), "a: 1\n");
});
