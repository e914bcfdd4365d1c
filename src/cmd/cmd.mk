# The command: an ordinary program, beside the library that it runs others with.

CMD         := $(BUILD)/trackmalloc
CMD_SOURCES := $(wildcard src/cmd/*.c src/snapshot/*.c)
CMD_OBJECTS := $(CMD_SOURCES:%.c=$(BUILD)/cmd/%.o)
CMD_CFLAGS  := $(STD) $(WARN) $(CFLAGS) -fPIE
CMD_LIBS    := -ljansson -lmicrohttpd
CMD_READY   := $(BUILD)/cmd/toolchain

.PHONY: cmd
cmd: $(CMD)

# The compiler, and the libraries that the command uses.
$(CMD_READY): src/cmd/cmd.mk
	@$(SETUP) build
	@mkdir -p $(@D) && touch $@

$(BUILD)/cmd/%.o: %.c Makefile src/cmd/cmd.mk | $(CMD_READY)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CMD_CFLAGS) -MMD -MP -c $< -o $@

$(CMD): $(CMD_OBJECTS)
	$(CC) $(CMD_CFLAGS) $(LDFLAGS) -pie $(CMD_OBJECTS) $(CMD_LIBS) -o $@

-include $(CMD_OBJECTS:.o=.d)
