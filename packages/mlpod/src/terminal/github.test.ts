import { expect, test } from 'vitest'
import { annotationLine, inActions } from './github.ts'

test('an annotation names the file from the repository, and no text ends it early', () => {
  const place = { file: '/repo/pods/a, b/src/fit.ts', line: 14 }
  expect(
    annotationLine(
      { level: 'error', title: 'NODE_FAILED: fit', message: '100 %\nof rows::x', place },
      { GITHUB_WORKSPACE: '/repo' },
    ),
  ).toBe('::error file=pods/a%2C b/src/fit.ts,line=14,title=NODE_FAILED%3A fit::100 %25%0Aof rows::x')
  expect(annotationLine({ level: 'warning', title: 't', message: 'm' })).toBe('::warning title=t::m')
  expect([inActions({ GITHUB_ACTIONS: 'true' }), inActions({ GITHUB_ACTIONS: 'false' }), inActions({})]).toEqual([
    true,
    false,
    false,
  ])
})
