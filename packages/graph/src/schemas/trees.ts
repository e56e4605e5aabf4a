import type { DataType } from '@mlpod/contract'
import { type Call, dtypeIn, int, refuse, type Schema } from '../schema.ts'
import { type AttributeKind, type Dim, freshDim, tensorType, type Value } from '../value.ts'

const NODES: Record<string, AttributeKind> = {
  nodes_falsenodeids: 'ints',
  nodes_featureids: 'ints',
  nodes_hitrates: 'floats',
  nodes_hitrates_as_tensor: 'tensor',
  nodes_missing_value_tracks_true: 'ints',
  nodes_modes: 'strings',
  nodes_nodeids: 'ints',
  nodes_treeids: 'ints',
  nodes_truenodeids: 'ints',
  nodes_values: 'floats',
  nodes_values_as_tensor: 'tensor',
  base_values: 'floats',
  base_values_as_tensor: 'tensor',
  post_transform: 'string',
}

function rowsOf(call: Call): Dim {
  dtypeIn(call, 0, 'number')
  const { shape } = call.inputs[0] as Value
  if (shape.length !== 1 && shape.length !== 2)
    throw refuse(call, 'SHAPE_MISMATCH', 'trees read rows of features, [rows, features]')
  return shape.length === 1 ? 1 : shape[0]
}

const double = (call: Call, name: string): boolean => {
  const attribute = call.attributes[name]
  return attribute?.kind === 'tensor' && attribute.value.dtype === 'float64'
}

/** How many classes a classifier knows. */
function classesOf({ attributes }: Call): number | undefined {
  for (const name of ['classlabels_int64s', 'classlabels_strings']) {
    const labels = attributes[name]
    if (labels?.kind === 'ints' || labels?.kind === 'strings') return labels.value.length
  }
  return undefined
}

/** Ensembles of decision trees. */
export const trees = {
  TreeEnsembleRegressor: {
    domain: 'ai.onnx.ml',
    since: 3,
    inputs: [1, 1],
    attributes: {
      ...NODES,
      aggregate_function: 'string',
      n_targets: 'int',
      target_ids: 'ints',
      target_nodeids: 'ints',
      target_treeids: 'ints',
      target_weights: 'floats',
      target_weights_as_tensor: 'tensor',
    },
    types: () => [tensorType('float32')],
    shapes: (call) => [[rowsOf(call), int(call, 'n_targets', 1)]],
  },
  TreeEnsembleClassifier: {
    domain: 'ai.onnx.ml',
    since: 3,
    inputs: [1, 1],
    attributes: {
      ...NODES,
      class_ids: 'ints',
      class_nodeids: 'ints',
      class_treeids: 'ints',
      class_weights: 'floats',
      class_weights_as_tensor: 'tensor',
      classlabels_int64s: 'ints',
      classlabels_strings: 'strings',
    },
    types: (call) => {
      const labels: DataType = call.attributes.classlabels_strings ? 'string' : 'int64'
      return [tensorType(labels), tensorType('float32')]
    },
    shapes: (call) => [[rowsOf(call)], [rowsOf(call), classesOf(call) ?? freshDim()]],
  },
  TreeEnsemble: {
    domain: 'ai.onnx.ml',
    since: 5,
    inputs: [1, 1],
    attributes: {
      aggregate_function: 'int',
      leaf_targetids: 'ints',
      leaf_weights: 'tensor',
      membership_values: 'tensor',
      n_targets: 'int',
      nodes_falseleafs: 'ints',
      nodes_falsenodeids: 'ints',
      nodes_featureids: 'ints',
      nodes_hitrates: 'tensor',
      nodes_missing_value_tracks_true: 'ints',
      nodes_modes: 'tensor',
      nodes_splits: 'tensor',
      nodes_trueleafs: 'ints',
      nodes_truenodeids: 'ints',
      post_transform: 'int',
      tree_roots: 'ints',
    },
    types: (call) => [tensorType(double(call, 'leaf_weights') ? 'float64' : 'float32')],
    shapes: (call) => [[rowsOf(call), int(call, 'n_targets', 1)]],
  },
} as const satisfies Record<string, Schema>
