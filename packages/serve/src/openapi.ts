import { type GuardMetadata, type Json, rowJsonSchema } from '@mlpod/contract'

const nullable = (type: string): Json => ({ type: [type, 'null'] })

const byName = (names: readonly string[], schema: Json): Json => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, schema])),
})

const jsonOf = (schema: Json, description: string): Json => ({
  description,
  content: { 'application/json': { schema } },
})

const problemOf = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })

/** Returns the OpenAPI 3.1 document of a server, made from the model's own description of its rows and answers. */
export function openapi(
  name: string,
  version: string,
  guard: GuardMetadata,
  { secured, maxRows }: { readonly secured: boolean; readonly maxRows: number },
): Json {
  const { $schema, ...row } = rowJsonSchema(guard) as Readonly<Record<string, Json>>
  const { names } = guard.label
  const predict: Json = {
    post: {
      summary: 'Answers rows, or one row',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { anyOf: [ref('Rows'), ref('Row')] } } },
      },
      responses: {
        200: jsonOf({ anyOf: [ref('Predictions'), ref('Single')] }, 'one prediction a row, in order'),
        400: problemOf('no JSON, or JSON with keys given twice'),
        413: problemOf('too many rows or bytes'),
        422: problemOf('values that are not valid, each with its JSON pointer'),
        503: problemOf('too much waits; come again after Retry-After'),
      },
    },
  }
  const head = { id: { type: 'string' }, model: { const: name }, version: { const: version } }
  return {
    openapi: '3.1.1',
    info: { title: name, version },
    ...(secured ? { security: [{ bearer: [] }] } : {}),
    paths: {
      '/predict': predict,
      [`/predict/${encodeURIComponent(name)}`]: predict,
      '/health': { get: { security: [], responses: { 200: jsonOf({ type: 'object' }, 'it answers') } } },
      '/models': { get: { responses: { 200: jsonOf({ type: 'object' }, 'the models served') } } },
      [`/models/${encodeURIComponent(name)}`]: {
        get: { responses: { 200: jsonOf({ type: 'object' }, 'columns, labels, promises with verdicts') } },
      },
    },
    components: {
      ...(secured ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
      schemas: {
        Row: row,
        Rows: {
          type: 'object',
          required: ['rows'],
          additionalProperties: false,
          properties: {
            rows: { type: 'array', items: ref('Row'), maxItems: maxRows },
            id: { type: 'string', maxLength: 200 },
            confidence: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1, default: guard.level },
            attributions: { type: 'boolean', default: false },
          },
        },
        Prediction: {
          type: 'object',
          required: ['value', 'probability', 'set', 'ood', 'abstained', 'reasons'],
          properties: {
            value: { enum: [...names, null] },
            probability: byName(names, nullable('number')),
            set: { type: 'array', items: { enum: names } },
            ood: nullable('number'),
            abstained: { type: 'boolean' },
            reasons: { type: 'array', items: { type: 'string' } },
            attributions: byName(
              guard.columns.map((column) => column.name),
              nullable('number'),
            ),
          },
        },
        Single: { allOf: [{ type: 'object', properties: head }, ref('Prediction')] },
        Predictions: {
          type: 'object',
          properties: { ...head, predictions: { type: 'array', items: ref('Prediction') } },
        },
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status'],
          properties: {
            type: { const: 'about:blank' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            errors: {
              type: 'array',
              items: {
                type: 'object',
                required: ['pointer', 'type', 'message'],
                properties: {
                  pointer: { type: 'string' },
                  type: { type: 'string' },
                  message: { type: 'string' },
                  limit: { type: ['number', 'string'] },
                },
              },
            },
          },
        },
      },
    },
  }
}
