// Counts tests.
//   node scripts/count_tests.mjs total build      sums build/*/test-results/*.json
//   node scripts/count_tests.mjs vitest LOG       what a Vitest log says, as such a file
//   node scripts/count_tests.mjs lines LOG        "ok NAME" and "not ok NAME" lines, likewise
import {readFileSync, readdirSync, existsSync} from 'node:fs';
import {join} from 'node:path';

const [mode, path] = process.argv.slice(2);

function sum(text, pattern) {
  let total = 0;
  for (const match of text.matchAll(pattern)) total += Number(match[1]);
  return total;
}

// GoogleTest's own JSON, or {tests, failures, skipped}.
function read(file) {
  const result = JSON.parse(readFileSync(file, 'utf8'));
  let skipped = result.skipped ?? 0;
  for (const suite of result.testsuites ?? []) {
    for (const test of suite.testsuite ?? []) {
      if (test.result === 'SKIPPED') {
        ++skipped;
        console.log(`SKIPPED ${suite.name}.${test.name}: ${(test.skipped ?? []).map((s) => s.message).join(' ')}`);
      }
    }
  }
  return {tests: result.tests, failures: result.failures, skipped};
}

if (mode === 'vitest') {
  const text = readFileSync(path, 'utf8').replace(/\x1b\[[0-9;]*m/g, '');
  const lines = text.split('\n').filter((line) => /^\s*Tests\s/.test(line)).join('\n');
  const passed = sum(lines, /(\d+) passed/g);
  const failures = sum(lines, /(\d+) failed/g);
  const skipped = sum(lines, /(\d+) skipped/g);
  console.log(JSON.stringify({tests: passed + failures + skipped, failures, skipped}));
} else if (mode === 'lines') {
  const text = readFileSync(path, 'utf8');
  const failures = (text.match(/^not ok /gm) ?? []).length;
  const tests = (text.match(/^ok /gm) ?? []).length + failures;
  console.log(JSON.stringify({tests, failures}));
} else {
  const total = {tests: 0, failures: 0, skipped: 0};
  for (const preset of readdirSync(path)) {
    const folder = join(path, preset, 'test-results');
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder)) {
      const one = read(join(folder, name));
      for (const key of Object.keys(total)) total[key] += one[key];
    }
  }
  console.log(`${total.tests - total.failures - total.skipped} passed, ${total.failures} failed, ${total.skipped} skipped`);
}
