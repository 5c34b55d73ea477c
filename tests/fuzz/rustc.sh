#!/usr/bin/env bash
# Calls rustc; for our own crate and the targets, with the instrumentation that libFuzzer looks at.
case " $* " in
  *" --crate-name sealform "* | *" --crate-name parse "* | *" --crate-name evaluate "* | *" --crate-name format "* | *" --crate-name state "*)
    exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
      -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
      -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
  *) exec "$@" ;;
esac
