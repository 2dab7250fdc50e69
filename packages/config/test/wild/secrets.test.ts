/** What people call their secrets, where else they put them, and the messages they turn up in. */
import { describe, expect, test } from "vitest";
import { withoutCredentials } from "../../src/core/credentials.ts";
import { isSecretName } from "../../src/core/secret_names.ts";
import { SecretTexts } from "../../src/core/secret_texts.ts";
import { REDACTED, Secrets } from "../../src/core/secrets.ts";

const secrets = new Secrets();

describe("a key that names a secret in any spelling", () => {
  test.each([
    "password",
    "PASSWORD",
    "Password",
    "passwd",
    "pwd",
    "passphrase",
    "smtp_pass",
    "db_password",
    "dbPassword",
    "DB-PASSWORD",
    "pgpassword",
    "PGPASSWORD",
    "mysql_pwd",
    "secret",
    "client_secret",
    "clientSecret",
    "ClientSecret",
    "sessionSecret",
    "token",
    "access_token",
    "accessToken",
    "authtoken",
    "refresh.token",
    "apiKey",
    "api_key",
    "apikey",
    "API-KEY",
    "APIKey",
    "stripeApiKey",
    "private_key",
    "privateKey",
    "secret_key",
    "aws_secret_access_key",
    "AWSSecretAccessKey",
    "signing_key",
    "encryptionKey",
    "credential",
    "credentials",
    "db_creds",
    "dsn",
    "sentryDsn",
    "SENTRY_DSN",
    "jwt",
    "jwt_secret",
    "connection_string",
    "connectionString",
    "tokens",
    "api_keys",
    "passwords",
    "authorization",
    "password_hash",
    "password2",
    "PASSWORD_2",
    "apiKey1",
    "token1",
    "secret2_old",
    "user_pass_1",
    "db_pw",
    "dbpass",
    "dbpwd",
    "auth_key",
    "ssl_key",
    "cred",
  ])("is found: %s", (key) => {
    expect(isSecretName(key)).toBe(true);
    expect(secrets.covers(["a", key])).toBe(true);
    expect(secrets.redact([], { a: { [key]: { deep: "s3cret" } } })).toStrictEqual({ a: { [key]: REDACTED } });
  });

  test.each([
    "url",
    "host",
    "user",
    "username",
    "key",
    "keys",
    "keyspace",
    "primary_key",
    "foreign_key",
    "max_tokens",
    "tokenizer",
    "broken",
    "secretary",
    "compass",
    "bypass",
    "pass_count",
    "monkey",
    "author",
    "authors",
    "keyboard",
    "string",
    "description",
    "passenger",
    "password_file",
    "tokenPath",
    "secret_name",
    "token_ttl",
    "password_min_length",
    "max_tokens_2",
    "sha256",
    "md5_key",
    "underpass",
  ])("is not confused with %s", (key) => {
    expect(isSecretName(key)).toBe(false);
  });

  test("is found at once at any length", () => {
    expect(isSecretName(`${"A".repeat(1_000_000)}b`)).toBe(false);
    expect(isSecretName(`${"a_".repeat(500_000)}password`)).toBe(true);
  });
});

describe("credentials inside a text are masked, and nothing else of it", () => {
  test.each([
    ["postgres://u:pw@host/db", "postgres://[redacted]@host/db"],
    ["postgres://u:p%40w@host:5432/db?sslmode=on", "postgres://[redacted]@host:5432/db?sslmode=on"],
    ["redis://:pw@host", "redis://[redacted]@host"],
    ["https://token@git.example/x", "https://[redacted]@git.example/x"],
    ["postgres://u:p@ss@host/db", "postgres://[redacted]@host/db"],
    ["postgres://u:p/w#1@host/db", "postgres://[redacted]@host/db"],
    ["amqp://a:b@h1,amqp://c:d@h2", "amqp://[redacted]@h1,amqp://[redacted]@h2"],
    ["from mongodb+srv://u:pw@h/x to http://h2/@me", "from mongodb+srv://[redacted]@h/x to http://h2/@me"],
    ["Server=db;User Id=sa;Password=p w;Encrypt=yes", "Server=db;User Id=sa;Password=[redacted] w;Encrypt=yes"],
    ["host=db password='p w' dbname=x", "host=db password=[redacted] dbname=x"],
    ["https://h/x?token=abc&n=1", "https://h/x?token=[redacted]&n=1"],
    ["DefaultEndpointsProtocol=https;AccountKey=abc==;x=1", "DefaultEndpointsProtocol=https;AccountKey=[redacted];x=1"],
    ["u:pw@tcp(127.0.0.1:3306)/db", "[redacted]@tcp(127.0.0.1:3306)/db"],
    ["Bearer eyJhbGciOiJI", "Bearer [redacted]"],
    ["x -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- y", "x [redacted] y"],
  ])("%s", (text, shown) => {
    expect(withoutCredentials(text, REDACTED)).toBe(shown);
    expect(secrets.redact(["a"], { b: [text] })).toStrictEqual({ b: [shown] });
    expect(new SecretTexts().scrub(text)).toBe(shown);
  });

  test.each([
    "postgres://host/db",
    "http://host:8080/a:b",
    "user@example.org",
    "https://medium.com/@user",
    "a = b",
    "basic",
    "://",
    "time=10",
    "http://[::1]:80/",
    "https://h:443/x?q=a:b@c",
  ])("%s has none", (text) => {
    const table = { a: text };
    expect(secrets.redact([], table)).toBe(table);
  });

  test.each([
    "://",
    "://x:y",
    "a:b@",
    "password=",
    "password ",
    "Bearer ",
    "-----BEGIN RSA PRIVATE KEY-----",
    "x",
    "A",
    "@tcp(",
  ])("a text of many %j is read at once", (part) => {
    expect(withoutCredentials(part.repeat(100_000), "").length).toBeLessThanOrEqual(part.length * 100_000);
  });
});

describe("a message shows no secret", () => {
  const layers = [
    { db: { password: "shadowed-1" }, url: "postgres://u:url-p%2Fw@h" },
    { db: { password: "current-1" }, list: [{ token: 123456 }] },
  ];
  const before = { db: { password: "rotated-1" } };

  test("of any layer, shadowed, rotated, in a list, in a URL, escaped or not", () => {
    const scrub = (message: string) =>
      secrets.scrub(
        message,
        [...layers, before].map((tree) => [[], tree]),
      );
    for (const text of ["shadowed-1", "current-1", "rotated-1", "123456", "url-p%2Fw", "url-p/w", "u:url-p%2Fw"]) {
      expect(scrub(`Cannot connect with ${text}: refused`)).toBe(`Cannot connect with ${REDACTED}: refused`);
    }
    expect(scrub("Cannot reach https://me:other@host")).toBe(`Cannot reach https://${REDACTED}@host`);
  });

  test("where several secrets overlap", () => {
    const tree = { a: { secret: "abcdef" }, b: { secret: "defghi" }, c: { secret: "abcd" }, d: { secret: "xyzw" } };
    expect(secrets.scrub("1 abcdefghi 2 abcd 3 abc xyzwxyzw", [[[], tree]])).toBe(
      `1 ${REDACTED} 2 ${REDACTED} 3 abc ${REDACTED}${REDACTED}`,
    );
  });

  test("of a source's object that does not let itself be read", () => {
    const watched = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("walked");
        },
      },
    );
    expect(secrets.scrub("as it is", [[[], watched]])).toBe("as it is");
  });

  test("also where the same object stands at a secret's path and at another one", () => {
    const shared = { host: "h-of-both" };
    const one = new Secrets();
    expect(one.scrub("h-of-both", [[[], { db: shared }]])).toBe("h-of-both");
    expect(one.scrub("h-of-both", [[[], { secret: shared }]])).toBe(REDACTED);
  });
});
