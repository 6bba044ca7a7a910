import assert from "node:assert/strict";
import { besideFolder, serviceFolder } from "../../../../lib/cli/service/service_folder.ts";
import { test } from "../../../harness.ts";

test("serviceFolder() is where the configuration lies, on each system", () => {
  assert.equal(serviceFolder("/etc/sallyport/sallyport.yml"), "/etc/sallyport");
  assert.equal(serviceFolder("/sallyport.yml"), "/");
  assert.equal(serviceFolder("C:\\sallyport\\s.yml"), "C:\\sallyport");
  assert.equal(serviceFolder("C:\\s.yml"), "C:\\");
});

test("besideFolder() leaves absolute paths alone", () => {
  assert.equal(besideFolder("/etc", "./policy.yml"), "/etc/policy.yml");
  assert.equal(besideFolder("/", "policy.yml"), "/policy.yml");
  assert.equal(besideFolder("/etc", "/srv/policy.yml"), "/srv/policy.yml");
  assert.equal(besideFolder("C:\\s", "policy.yml"), "C:\\s\\policy.yml");
  assert.equal(besideFolder("C:\\s", "D:\\policy.yml"), "D:\\policy.yml");
});
