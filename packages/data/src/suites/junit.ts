import type { SuiteResult } from './suite.ts'
import { expectationWords } from './words.ts'

/** Tells whether XML 1.0 can hold a character. */
const allowed = (character: string): boolean => {
  const code = character.codePointAt(0)!
  return code === 9 || code === 10 || code === 13 || (code >= 32 && code !== 0xfffe && code !== 0xffff)
}
const escaped = (text: string): string =>
  [...text.toWellFormed()]
    .filter(allowed)
    .join('')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')

/**
 * Returns results as JUnit XML, which every build server reads: a test case an expectation, classed by its columns. Failures below `critical`
 * are told in the output of their case and fail nothing.
 */
export function suiteJUnit(...results: readonly SuiteResult[]): string {
  const suites = results.map(({ suite, statistics, results: list }) => {
    const cases = list.map((one) => {
      const { sentence, columns, status, severity, message } = one
      const name = `<testcase classname="${escaped([suite, ...columns].join('.'))}" name="${escaped(sentence)}"`
      if (status === 'pass') return `    ${name}/>`
      const said = escaped(message ?? expectationWords(one))
      const detail =
        status === 'error'
          ? `<error message="${said}"/>`
          : severity === 'critical'
            ? `<failure message="${said}"/>`
            : `<system-out>${escaped(severity)}: ${said}</system-out>`
      return `    ${name}>${detail}</testcase>`
    })
    const failures = list.filter(({ status, severity }) => status === 'fail' && severity === 'critical').length
    const head = `<testsuite name="${escaped(suite)}" tests="${statistics.evaluated}" failures="${failures}" errors="${statistics.errors}">`
    return [`  ${head}`, ...cases, '  </testsuite>'].join('\n')
  })
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n')
}
