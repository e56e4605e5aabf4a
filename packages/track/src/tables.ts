import type { Hash } from '@mlpod/contract'

/** Rows of `track.db`, named as in MLflow where it has the same thing. Times are milliseconds since 1970. */
export interface Tables {
  experiments: {
    experiment_id: number
    name: string
    artifact_location: string
    lifecycle_stage: 'active' | 'deleted'
    creation_time: number
    last_update_time: number
  }
  experiment_tags: { experiment_id: number; key: string; value: string }
  runs: {
    run_id: string
    experiment_id: number
    name: string
    user_id: string
    status: RunState
    start_time: number
    end_time: number | null
    artifact_uri: string
    lifecycle_stage: 'active' | 'deleted'
    /** The process that records the run, so that a dead one is noticed. */
    pid: number | null
    pid_started: string | null
    host: string | null
  }
  params: { run_id: string; key: string; value: string }
  tags: { run_id: string; key: string; value: string }
  /** NaN is value 0 with `is_nan` 1. */
  metrics: Metric
  /** The last of each metric by (step, timestamp, value). */
  latest_metrics: Metric
  datasets: {
    dataset_id: number
    experiment_id: number
    name: string
    digest: string
    source_type: string
    source: string
    schema: string | null
    profile: string | null
  }
  inputs: { run_id: string; dataset_id: number }
  input_tags: { run_id: string; dataset_id: number; key: string; value: string }
  artifacts: { run_id: string; path: string; hash: Hash; size: number }
  /** What a run did with each node; `outputs` and `error` are JSON. */
  nodes: {
    run_id: string
    node: string
    state: 'waiting' | 'running' | 'cached' | 'done' | 'failed' | 'skipped'
    key: string | null
    attempt: number | null
    start_time: number | null
    ms: number | null
    because: string | null
    outputs: string | null
    error: string | null
  }
  ledger: {
    id: number
    promise: string
    evidence_id: string
    evidence: string
    data: string
    look: number
    verdict: string
    commit_id: string | null
    run_id: string | null
    time: number
  }
}

interface Metric {
  run_id: string
  key: string
  value: number
  timestamp: number
  step: number
  is_nan: 0 | 1
}

/** MLflow's run statuses. */
export type RunState = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

/** One text a schema version: what brings a database from the version before to this one. Versions that were released never change. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE experiments (
    experiment_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, artifact_location TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL DEFAULT 'active', creation_time INTEGER NOT NULL, last_update_time INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE experiment_tags (
    experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
    name TEXT NOT NULL, user_id TEXT NOT NULL DEFAULT '', status TEXT NOT NULL,
    start_time INTEGER NOT NULL, end_time INTEGER, artifact_uri TEXT NOT NULL DEFAULT '',
    lifecycle_stage TEXT NOT NULL DEFAULT 'active', pid INTEGER, pid_started TEXT, host TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_by_time ON runs (experiment_id, lifecycle_stage, start_time DESC, run_id);
  CREATE INDEX runs_going_on ON runs (host) WHERE status = 'RUNNING';
  CREATE TABLE params (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX params_by_value ON params (key, value, run_id);
  CREATE TABLE tags (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (run_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_by_value ON tags (key, value, run_id);
  CREATE TABLE metrics (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, value REAL NOT NULL,
    timestamp INTEGER NOT NULL, step INTEGER NOT NULL DEFAULT 0, is_nan INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, key, timestamp, step, value, is_nan)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX metrics_by_step ON metrics (run_id, key, step, timestamp);
  CREATE TABLE latest_metrics (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, key TEXT NOT NULL, value REAL NOT NULL,
    timestamp INTEGER NOT NULL, step INTEGER NOT NULL, is_nan INTEGER NOT NULL, PRIMARY KEY (run_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX latest_metrics_by_value ON latest_metrics (key, value, run_id);
  CREATE TABLE datasets (
    dataset_id INTEGER PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
    name TEXT NOT NULL, digest TEXT NOT NULL, source_type TEXT NOT NULL, source TEXT NOT NULL, schema TEXT, profile TEXT,
    UNIQUE (experiment_id, name, digest)
  ) STRICT;
  CREATE TABLE inputs (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, dataset_id INTEGER NOT NULL REFERENCES datasets ON DELETE CASCADE,
    PRIMARY KEY (run_id, dataset_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE input_tags (
    run_id TEXT NOT NULL, dataset_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (run_id, dataset_id, key), FOREIGN KEY (run_id, dataset_id) REFERENCES inputs ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE artifacts (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, path TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (run_id, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX artifacts_by_hash ON artifacts (hash);
  CREATE TABLE nodes (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, node TEXT NOT NULL, state TEXT NOT NULL, key TEXT,
    attempt INTEGER, start_time INTEGER, ms REAL, because TEXT, outputs TEXT, error TEXT,
    PRIMARY KEY (run_id, node)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ledger (
    id INTEGER PRIMARY KEY, promise TEXT NOT NULL, evidence_id TEXT NOT NULL, evidence TEXT NOT NULL, data TEXT NOT NULL,
    look INTEGER NOT NULL, verdict TEXT NOT NULL, commit_id TEXT, run_id TEXT, time INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX ledger_by_promise ON ledger (promise, data);
  CREATE INDEX ledger_by_run ON ledger (run_id);
  INSERT INTO experiments VALUES (0, 'Default', 'mlflow-artifacts:/0', 'active', unixepoch() * 1000, unixepoch() * 1000);
  `,
]
