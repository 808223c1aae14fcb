// SPDX-License-Identifier: PostgreSQL
//
// To be imported before the packages: xid-ts looks for a global crypto, which Node has from 19 on.

import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
