/** Writes the OpenAPI description from the same tables and schemas that requests are checked with. */
import { z } from "zod";
import { API, SESSION_API } from "../../shared/api.ts";
import { type Access, ROUTE_ACCESS } from "../../shared/api-access.ts";
import { API_PREFIX, API_VERSION, type Route, type RouteName, TOKEN_HEADER } from "../../shared/api-routes.ts";

interface Described extends Route {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

type Json = Readonly<Record<string, unknown>>;

/** The document for a server at `url`. Routes of the control socket alone are left out: they cannot be called here. */
export function openApiDocument(url: string, version: string, cookie: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const add = (name: string, route: Described, access: Access | "public"): void => {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route, access) };
  };
  for (const [name, route] of Object.entries(SESSION_API)) add(name, route, name === "signIn" ? "public" : "user");
  for (const [name, route] of Object.entries(API)) {
    const access = ROUTE_ACCESS[name as RouteName];
    if (access !== "local") add(name, route, access);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Syncline", version, description: "The interface of one node. Documents carry `v`." },
    servers: [{ url: url + API_PREFIX }],
    security: [{ cookie: [], token: [] }],
    paths,
    components: {
      securitySchemes: {
        cookie: { type: "apiKey", in: "cookie", name: cookie },
        token: { type: "apiKey", in: "header", name: TOKEN_HEADER },
      },
      schemas: { Error: ERROR },
    },
  };
}

const BYTES: Json = { "application/octet-stream": {} };

const DESCRIPTIONS: Readonly<Record<Route["kind"], string>> = {
  json: "One document",
  ndjson: "One document a line; a failure is the last line",
  bytes: "The bytes of a file, or of a ZIP archive; 206 for a part of it",
};

const TYPES: Readonly<Record<Route["kind"], string>> = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  bytes: "application/octet-stream",
};

const ERROR: Json = {
  type: "object",
  required: ["v", "type", "code", "exit", "message", "hint"],
  properties: {
    v: { const: API_VERSION },
    type: { const: "error" },
    code: { type: "string", description: "stable, such as E_PEER_OFFLINE" },
    exit: { type: "integer", description: "exit code of the command line" },
    message: { type: "string" },
    hint: { type: "string", description: "the next step" },
  },
};

function operation(name: string, route: Described, access: Access | "public"): Json {
  const input = schemaOf(route.input, "input");
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, key = ""]) => key);
  const properties = (input["properties"] ?? {}) as Readonly<Record<string, Json>>;
  const required = (input["required"] ?? []) as readonly string[];
  const parameter = (key: string, where: "path" | "query"): Json => ({
    name: key,
    in: where,
    required: where === "path" || required.includes(key),
    schema: properties[key] ?? {},
  });
  const rest = Object.keys(properties).filter((key) => !inPath.includes(key));
  const isRead = route.method === "GET" || route.method === "PUT";
  const parameters = [
    ...inPath.map((key) => parameter(key, "path")),
    ...(isRead ? rest.map((key) => parameter(key, "query")) : []),
  ];
  // What is put is bytes; everything else about it is said beside them.
  const body =
    route.method === "PUT"
      ? BYTES
      : isRead || (rest.length === 0 && input["properties"] !== undefined)
        ? undefined
        : without(input, inPath);
  return {
    operationId: name,
    summary: route.summary,
    ...(access === "admin" ? { description: "For admins." } : {}),
    ...(access === "public" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { content: body === BYTES ? BYTES : { "application/json": { schema: body } } } }),
    responses: {
      200: {
        description: DESCRIPTIONS[route.kind],
        content: { [TYPES[route.kind]]: { schema: schemaOf(route.output, "output") } },
      },
      default: {
        description: "What went wrong",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

/** The schema of a body, without what the path says. */
function without(schema: Json, keys: readonly string[]): Json {
  const properties = schema["properties"];
  if (typeof properties !== "object") return schema;
  const kept = Object.entries(properties as object).filter(([key]) => !keys.includes(key));
  const required = ((schema["required"] ?? []) as readonly string[]).filter((key) => !keys.includes(key));
  const { required: _, ...rest } = schema;
  return { ...rest, properties: Object.fromEntries(kept), ...(required.length === 0 ? {} : { required }) };
}
