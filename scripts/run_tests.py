#!/usr/bin/env python3
"""Runs every test program that is registered with CTest in a build folder and adds up what they say.

usage: run_tests.py BUILD

Prints each program's output. The last line is "N passed, N failed", with ", N skipped" where any is; status 1 if
any failed. A program that ends with an error but names no failed test counts as one.
"""
import json
import re
import subprocess
import sys
import time

# The closing lines of Catch2, of Python's unittest, and our own.
CATCH_ALL = re.compile(r'^All tests passed \(.* in (\d+) test cases?\)')
CATCH_SOME = re.compile(r'^test cases: *(\d+)(.*)')
UNITTEST = re.compile(r'^Ran (\d+) tests? in ')
UNITTEST_COUNTS = re.compile(r'\b(failures|errors|skipped)=(\d+)')
PLAIN = re.compile(r'^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$')


def counted(output, status):
    """(passed, failed, skipped) of a program, from what it printed and its exit status."""
    passed = failed = skipped = 0
    for line in output.splitlines():
        if match := PLAIN.match(line):
            passed, failed, skipped = (int(number or 0) for number in match.groups())
        elif match := CATCH_ALL.match(line):
            passed = int(match.group(1))
        elif match := CATCH_SOME.match(line):
            kinds = {kind: int(number) for number, kind in re.findall(r'(\d+) (passed|failed)', match.group(2))}
            failed = kinds.get('failed', 0)
            passed = int(match.group(1)) - failed
        elif match := UNITTEST.match(line):
            passed = int(match.group(1))
        elif line.startswith(('OK (', 'FAILED (')):
            counts = {kind: int(number) for kind, number in UNITTEST_COUNTS.findall(line)}
            failed, skipped = counts.get('failures', 0) + counts.get('errors', 0), counts.get('skipped', 0)
            passed -= failed + skipped
    return passed, failed + (status != 0 and failed == 0), skipped


def registered(build):
    """(name, command, working folder) of each test that CTest knows."""
    listing = subprocess.run(['ctest', '--show-only=json-v1'], cwd=build, check=True, capture_output=True, text=True)
    for test in json.loads(listing.stdout)['tests']:
        folder = next((entry['value'] for entry in test.get('properties', []) if entry['name'] == 'WORKING_DIRECTORY'),
                      build)
        yield test['name'], test.get('command'), folder


def run(command, folder):
    """Runs a program, printing its output as it comes; what it printed, and its exit status."""
    lines = []
    try:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   errors='replace')
    except OSError as error:
        print(f'cannot run {command[0]}: {error.strerror}')
        return '', 1
    for line in process.stdout:
        print('  ' + line, end='', flush=True)
        lines.append(line)
    return ''.join(lines), process.wait()


def main(build):
    total = [0, 0, 0]
    for name, command, folder in registered(build):
        print(f'== {name}', flush=True)
        start = time.monotonic()
        output, status = run(command, folder) if command else ('is not built\n', 1)
        result = counted(output, status)
        total = [a + b for a, b in zip(total, result)]
        print(f'   {name}: {result[0]} passed, {result[1]} failed, {time.monotonic() - start:.0f} s', flush=True)
    passed, failed, skipped = total
    if passed + failed == 0:
        print(f'no test is registered in {build}; configure it with -DADAPTUNE_TESTS=ON')
        failed = 1
    print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''))
    return 1 if failed else 0


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit('usage: run_tests.py BUILD')
    sys.exit(main(sys.argv[1]))
