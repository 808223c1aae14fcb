# SPDX-License-Identifier: PostgreSQL
#
# Builds, installs and regress-tests the extension with PGXS. Needs PostgreSQL's server headers
# (15 or later), libpq and libsodium.

EXTENSION = pg_detid
MODULE_big = pg_detid
DETID_VERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" extension.control 2>/dev/null)

ifeq ($(DETID_VERSION),)
$(error extension.control was not found: run make in the source tree, VPATH builds are not supported)
endif

OBJS = $(patsubst %.cpp,%.o,$(sort $(wildcard src/*.cpp src/core/*.cpp src/state/*.cpp src/state/registry/*.cpp src/fn/*.cpp src/pg/*.cpp)))
# The command-line program, from core alone.
CLI_OBJS = $(patsubst %.cpp,%.o,$(sort $(wildcard src/cli/*.cpp src/core/*.cpp)))
SCRIPTS_built = detid

DATA_built = pg_detid--$(DETID_VERSION).sql
DATA = $(wildcard sql/upgrade/*.sql)
EXTRA_CLEAN = pg_detid.control $(OBJS:.o=.d) $(CLI_OBJS) $(CLI_OBJS:.o=.d)

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=. --temp-config=test/regress.conf

PG_CPPFLAGS = -Isrc -I$(shell $(PG_CONFIG) --includedir)
SHLIB_LINK = -lsodium -lpq

# C++20, nothing exported that is not meant to be, nothing thrown, dependencies noted. PostgreSQL's
# headers are C: what they do with registers, old casts and unused parameters is theirs.
DETID_CXXFLAGS = -std=c++20 -fvisibility=hidden -fvisibility-inlines-hidden -fno-exceptions \
  -fno-rtti -fno-threadsafe-statics -Wno-register $(EXTRA_CXXFLAGS)
PG_CXXFLAGS = $(DETID_CXXFLAGS) -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers \
  -Wno-sign-compare -Wno-suggest-attribute=format -MMD -MP
override BITCODE_CXXFLAGS += $(DETID_CXXFLAGS)

# g++ links, as the objects are C++.
override COMPILER = $(CXX) $(CXXFLAGS)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

all: layers

pg_detid.control: extension.control
	cp $< $@

detid: $(CLI_OBJS)
	$(CXX) $(CXXFLAGS) -o $@ $^ $(LDFLAGS) -lsodium

pg_detid--$(DETID_VERSION).sql: $(sort $(wildcard sql/install/*.sql))
	cat $^ > $@

# Data flows one way: fn -> state -> core, and core knows no PostgreSQL.
.PHONY: layers
layers:
	@scripts/layers

-include $(sort $(OBJS:.o=.d) $(CLI_OBJS:.o=.d))
