# The command: an ordinary program, beside the library that it runs others with.

CMD         := $(BUILD)/trackmalloc
CMD_SOURCES := $(wildcard src/cmd/*.c src/cmd/*/*.c src/snapshot/*.c)
CMD_PROFILE := $(BUILD)/cmd/profile.pb-c
CMD_OBJECTS := $(CMD_SOURCES:%.c=$(BUILD)/cmd/%.o) $(CMD_PROFILE).o
CMD_CFLAGS  := $(STD) $(WARN) $(CFLAGS) $(SANITIZE) -fPIE -I$(BUILD)/cmd
CMD_LIBS    := -ljansson -lmicrohttpd -ldw -lelf -lprotobuf-c -lz -liberty -lncursesw
CMD_READY   := $(BUILD)/cmd/toolchain

.PHONY: cmd
cmd: $(CMD) ## the command trackmalloc

# The compiler, and the libraries that the command uses.
$(CMD_READY): src/cmd/cmd.mk
	@$(SETUP) build
	@mkdir -p $(@D) && touch $@

$(BUILD)/cmd/%.o: %.c Makefile src/cmd/cmd.mk | $(CMD_READY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CMD_CFLAGS) -MMD -MP -c $< -o $@

# The profile's messages in C, as protoc-c makes them.
$(CMD_PROFILE).c: src/cmd/export/profile.proto | $(CMD_READY)
	@mkdir -p $(@D)
	protoc-c --c_out=$(@D) --proto_path=$(<D) $<

$(CMD_PROFILE).o: $(CMD_PROFILE).c
	$(CC) $(CPPFLAGS) $(CMD_CFLAGS) -c $< -o $@

$(BUILD)/cmd/src/cmd/export/pprof.o: | $(CMD_PROFILE).c

$(CMD): $(CMD_OBJECTS)
	$(CC) $(CMD_CFLAGS) $(LDFLAGS) -pie $(CMD_OBJECTS) $(CMD_LIBS) -o $@

-include $(CMD_OBJECTS:.o=.d)
