import { defineConfig } from 'vitest/config'

// Tests against real peers on this machine (Python's onnxruntime, Chromium): `.ci/run` installs what they need.
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['**/*.service.test.ts'],
    exclude: ['**/node_modules/**', '.cache/**'],
    globalSetup: ['test/service/pod.ts'],
    testTimeout: 240_000,
    fileParallelism: false,
  },
})
