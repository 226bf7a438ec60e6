-- A stand-in for uuid-ossp 1.1 in plain SQL and PL/pgSQL, with its names and signatures.
-- Its version 1 has a random node and clock sequence, as RFC 4122 allows, where the real one knows a network card.

CREATE FUNCTION uuid_nil() RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT '00000000-0000-0000-0000-000000000000'::uuid $$;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid $$;

CREATE FUNCTION uuid_ns_url() RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid $$;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid $$;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid $$;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
        SELECT (substr(digest, 1, 12) || '3' || substr(digest, 14, 3)
            || substr('89ab', (strpos('0123456789abcdef', substr(digest, 17, 1)) - 1) % 4 + 1, 1)
            || substr(digest, 18))::uuid
        FROM md5(uuid_send(namespace) || convert_to(name, 'UTF8')) AS digest
    $$;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid
    LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
    AS $$ SELECT gen_random_uuid() $$;

CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid
    LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
    AS $$
        -- Ticks of 100 ns since 1582-10-15; of a random UUID the clock sequence and the node, marked as multicast.
        SELECT (substr(ticks, 9, 8) || substr(ticks, 5, 4) || '1' || substr(ticks, 2, 3) || substr(random, 17, 5)
            || translate(substr(random, 22, 1), '02468ace', '13579bdf') || substr(random, 23))::uuid
        FROM lpad(to_hex((extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000), 16, '0')
            AS ticks,
            replace(gen_random_uuid()::text, '-', '') AS random
    $$;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid
    LANGUAGE sql VOLATILE STRICT PARALLEL SAFE
    AS $$
        SELECT (substr(ticks, 9, 8) || substr(ticks, 5, 4) || '1' || substr(ticks, 2, 3) || substr(random, 17, 5)
            || translate(substr(random, 22, 1), '02468ace', '13579bdf') || substr(random, 23))::uuid
        FROM lpad(to_hex((extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000), 16, '0')
            AS ticks,
            replace(gen_random_uuid()::text, '-', '') AS random
    $$;

CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    DECLARE
        -- SHA-1 (FIPS 180-4), which PostgreSQL itself does not have: words of 32 bits, kept in 64.
        low CONSTANT bigint := 4294967295;
        message bytea := uuid_send(namespace) || convert_to(name, 'UTF8');
        digest bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
        w bigint[];
        a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; x bigint;
        hash text := '';
    BEGIN
        message := message || '\x80'::bytea || decode(repeat('00', (119 - length(message) % 64) % 64), 'hex')
            || int8send(length(message) * 8::bigint);
        FOR block IN 0 .. length(message) / 64 - 1 LOOP
            w := ARRAY(SELECT ('x' || encode(substr(message, block * 64 + i * 4 + 1, 4), 'hex'))::bit(32)::bigint
                       FROM generate_series(0, 15) AS i);
            FOR i IN 17 .. 80 LOOP
                x := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
                w[i] := (x << 1 & low) | (x >> 31);
            END LOOP;
            a := digest[1]; b := digest[2]; c := digest[3]; d := digest[4]; e := digest[5];
            FOR i IN 1 .. 80 LOOP
                CASE (i - 1) / 20
                    WHEN 0 THEN f := d # (b & (c # d)); k := 1518500249;
                    WHEN 1 THEN f := b # c # d; k := 1859775393;
                    WHEN 2 THEN f := (b & c) | (d & (b | c)); k := 2400959708;
                    ELSE f := b # c # d; k := 3395469782;
                END CASE;
                x := ((a << 5 & low) | (a >> 27)) + f + e + k + w[i] & low;
                e := d; d := c; c := (b << 30 & low) | (b >> 2); b := a; a := x;
            END LOOP;
            digest := ARRAY[digest[1] + a & low, digest[2] + b & low, digest[3] + c & low, digest[4] + d & low,
                            digest[5] + e & low];
        END LOOP;
        FOR i IN 1 .. 4 LOOP
            hash := hash || lpad(to_hex(digest[i]), 8, '0');
        END LOOP;
        RETURN (substr(hash, 1, 12) || '5' || substr(hash, 14, 3)
            || substr('89ab', (strpos('0123456789abcdef', substr(hash, 17, 1)) - 1) % 4 + 1, 1)
            || substr(hash, 18))::uuid;
    END
    $$;
