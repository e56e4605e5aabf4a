import { defineConfig } from 'vitest/config'

// Native engines (ONNX Runtime, DuckDB) live in each test process, so tests run in child processes, as many as there are cores.
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['packages/*/src/**/*.test.ts', 'pods/*/**/*.test.ts', 'test/**/*.test.ts', 'docs/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.service.test.ts'],
    testTimeout: 60_000,
  },
})
