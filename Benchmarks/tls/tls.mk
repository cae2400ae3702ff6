# TLS with mbedTLS on Cortex-M, beside Husk. The Makefile includes this. mbedTLS's source is fetched first
# (tools/setup_mbedtls.py); what needs it is made by a second make, which then sees its files.

comma := ,
TLS := Benchmarks/tls
TLS_B := $(B)/tls
TLS_SOURCE := $(TLS_B)/mbedtls
TLS_LIBRARY := $(patsubst $(TLS_SOURCE)/%.c,%,$(wildcard $(TLS_SOURCE)/library/*.c \
	$(addprefix $(TLS_SOURCE)/3rdparty/p256-m/,p256-m_driver_entrypoints.c p256-m/p256-m.c)))
TLS_INCLUDES := -I$(TLS)/config -isystem $(TLS_SOURCE)/include -isystem $(TLS_SOURCE)/library \
	$(addprefix -isystem $(TLS_SOURCE)/3rdparty/p256-m/,. p256-m/include p256-m/include/p256-m p256-m)
TLS_CONFIGS := $(wildcard $(TLS)/config/*.h)

# Images: one for each of the configurations stock and fast, and of the small one as many as there are needs. NEEDS is
# what an image is built for, ONLY the scenarios that it runs (all if empty).
TLS_SMALL := tls13_psk tls13_psk_ecdhe tls13_certificates tls13_ticket tls12_psk tls12_certificates tls12_session_id \
	tls12_ticket dtls12_cid_psk dtls12_cid_certificates
TLS_NEEDS_small-tls13_psk := -DTLS_1_3 -DTLS_PSK -DTLS_ONLY='"tls13/psk"'
TLS_NEEDS_small-tls13_psk_ecdhe := -DTLS_1_3 -DTLS_PSK -DTLS_ECDHE -DTLS_ONLY='"tls13/psk_ecdhe"'
TLS_NEEDS_small-tls13_certificates := -DTLS_1_3 -DTLS_CERTIFICATES -DTLS_ONLY='"tls13/certificates"'
TLS_NEEDS_small-tls13_ticket := -DTLS_1_3 -DTLS_CERTIFICATES -DTLS_PSK -DTLS_ECDHE -DTLS_TICKETS -DTLS_RESUMES \
	-DTLS_ONLY='"tls13/ticket"'
TLS_NEEDS_small-tls12_psk := -DTLS_1_2 -DTLS_PSK -DTLS_ONLY='"tls12/psk"'
TLS_NEEDS_small-tls12_certificates := -DTLS_1_2 -DTLS_CERTIFICATES -DTLS_ONLY='"tls12/certificates"'
TLS_NEEDS_small-tls12_session_id := -DTLS_1_2 -DTLS_CERTIFICATES -DTLS_RESUMES -DTLS_ONLY='"tls12/session_id"'
TLS_NEEDS_small-tls12_ticket := -DTLS_1_2 -DTLS_CERTIFICATES -DTLS_TICKETS -DTLS_RESUMES -DTLS_ONLY='"tls12/ticket"'
TLS_NEEDS_small-dtls12_cid_psk := -DTLS_1_2 -DTLS_DTLS -DTLS_PSK -DTLS_ONLY='"dtls12/cid/psk"'
TLS_NEEDS_small-dtls12_cid_certificates := -DTLS_1_2 -DTLS_DTLS -DTLS_CERTIFICATES \
	-DTLS_ONLY='"dtls12/cid/certificates"'
TLS_IMAGES := stock fast $(TLS_SMALL:%=small-%)

# ---- The server, on the host -----------------------------------------------------------------------------------------

TLS_SERVER := $(TLS_B)/server/server
TLS_SERVER_SOURCES := $(wildcard $(TLS)/server/*.c) $(TLS)/common/scenarios.c CSources/CTLSPeer/identity.c
TLS_SERVER_FLAGS := -O1 $(TLS_INCLUDES) -DMBEDTLS_CONFIG_FILE='"server.h"'
TLS_WRAPPED := $(addprefix -Wl$(comma)--wrap=mbedtls_pk_,sign sign_ext verify verify_ext)

$(TLS_B)/server/mbedtls/%.o: $(TLS_SOURCE)/%.c $(TLS)/config/server.h $(TLS)/tls.mk
	@mkdir -p $(@D)
	@$(GCC) $(TLS_SERVER_FLAGS) -c $< -o $@
$(TLS_B)/server/%.o: %.c $(TLS)/config/server.h $(TLS)/tls.mk
	@mkdir -p $(@D)
	@$(GCC) -std=gnu11 $(WARNINGS) -MMD -MP -I$(TLS)/common -I$(TLS)/server -ICSources/CTLSPeer $(TLS_SERVER_FLAGS) \
		-c $< -o $@
$(TLS_SERVER): $(TLS_SERVER_SOURCES:%.c=$(TLS_B)/server/%.o) $(TLS_LIBRARY:%=$(TLS_B)/server/mbedtls/%.o)
	@$(GCC) $(TLS_WRAPPED) $^ -o $@
-include $(TLS_SERVER_SOURCES:%.c=$(TLS_B)/server/%.d)

$(TLS_B)/include/identities.h: $(TLS_SERVER)
	@mkdir -p $(@D)
	@$< identities >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# ---- The client, on Cortex-M -----------------------------------------------------------------------------------------

TLS_CLIENT := $(wildcard $(TLS)/client/*.c) $(TLS)/common/scenarios.c
TLS_OPT_stock := -Os
TLS_OPT_fast := -O2
TLS_OPT_small := -Os
TLS_BOARD := startup.c semihosting.c mps2.c text.c memory.c

# What the small configuration has no part of, so that it is not compiled to nothing ten times.
TLS_NOT_small := $(addprefix library/,aes% aria camellia cha% cmac ctr_drbg debug des dhm ecjpake entropy% gcm hkdf \
	hmac_drbg lm% md5 memory_buffer_alloc mps% net_sockets nist_kw padlock pem pkcs% pkwrite poly1305 psa_its_file \
	psa_crypto_storage psa_crypto_se psa_crypto_rsa psa_crypto_pake psa_crypto_ffdh ripemd160 rsa% sha1 sha3 sha512 \
	ssl_cache ssl_cookie ssl_ticket ssl_tls12_server ssl_tls13_server threading timing version% x509_create x509_crl \
	x509_csr x509write%)
TLS_LIBRARY_stock := $(TLS_LIBRARY)
TLS_LIBRARY_fast := $(TLS_LIBRARY)
TLS_LIBRARY_small := $(filter-out $(TLS_NOT_small),$(TLS_LIBRARY)) library/aes

# tls_image(core, image, configuration): build/tls/CORE/IMAGE/client.elf. mbedTLS is built as its users build it, with
# the compiler's knowledge of memcpy and the like, which Husk does without; board and memory functions are Husk's.
define tls_image
TLS_CC_$(1)-$(2) := $(filter-out -Os -g -ffreestanding,$(CC_FLAGS_$(1))) $(TLS_OPT_$(3)) -g1 $(TLS_INCLUDES) \
	-DMBEDTLS_CONFIG_FILE='"$(3).h"' $(TLS_NEEDS_$(2))
$(TLS_B)/$(1)/$(2)/mbedtls/%.o: $(TLS_SOURCE)/%.c $(TLS_CONFIGS) $(TLS)/tls.mk
	@mkdir -p $$(@D)
	@$(ARM)gcc -std=gnu11 $$(TLS_CC_$(1)-$(2)) -c $$< -o $$@
$(TLS_B)/$(1)/$(2)/mbedtls.a: $(TLS_LIBRARY_$(3):%=$(TLS_B)/$(1)/$(2)/mbedtls/%.o)
	@rm -f $$@
	@$(ARM)ar rcs $$@ $$^
$(TLS_B)/$(1)/$(2)/%.o: %.c $(TLS_B)/include/identities.h $(TLS_CONFIGS) $(TLS)/tls.mk
	@mkdir -p $$(@D)
	@$(ARM)gcc -std=gnu11 $(WARNINGS) $(INCLUDES) -MMD -MP -I$(TLS)/common -I$(TLS)/client -I$(TLS_B)/include \
		-I$(BENCH)/support $$(TLS_CC_$(1)-$(2)) -c $$< -o $$@
$(TLS_B)/$(1)/$(2)/client.elf: $(TLS_CLIENT:%.c=$(TLS_B)/$(1)/$(2)/%.o) $(TLS_B)/$(1)/$(2)/mbedtls.a \
		$(patsubst %.c,$(B)/$(1)$(filter -O2,$(TLS_OPT_$(3)))/%.o,$(BENCH)/support/bench.c $(TLS_BOARD:%=$(FIRMWARE)/%)) \
		$(TLS)/client/tls.ld $(FIRMWARE)/sections.ld
	@$(ARM)gcc $$(TLS_CC_$(1)-$(2)) $(LINK_FLAGS) --specs=nano.specs -L$(TLS)/client -T tls.ld \
		-Wl,-Map=$$(@:.elf=.map) $$(filter %.o,$$^) $$(filter %.a,$$^) -o $$@
-include $(TLS_CLIENT:%.c=$(TLS_B)/$(1)/$(2)/%.d)
endef
$(foreach core,$(BENCH_CPUS),$(foreach image,$(TLS_IMAGES), \
	$(eval $(call tls_image,$(core),$(image),$(firstword $(subst -, ,$(image)))))))
TLS_ELFS := $(foreach core,$(BENCH_CPUS),$(TLS_IMAGES:%=$(TLS_B)/$(core)/%/client.elf))

.PHONY: tls tls-source tls-images test-tls test-tls-image
tls: deps ## TLS and DTLS clients of mbedTLS on Cortex-M0+, M3 and M4, into Benchmarks/results/tls.json
	@$(MAKE) --no-print-directory tls-source
	@$(MAKE) --no-print-directory tls-images
	@$(PYTHON) $(TLS)/tools/measure_tls.py $(B) --json Benchmarks/results/tls.json
tls-source:
	@$(PYTHON) $(TLS)/tools/setup_mbedtls.py $(TLS_B)
tls-images: $(BENCH_PLUGIN) $(TLS_SERVER) $(TLS_ELFS)

# Whether all this still works, in half a minute: the smallest client's messages are those of the results.
test-tls: tls-source ## A TLS client on a simulated Cortex-M4 against its server: messages as in the results
	@$(MAKE) --no-print-directory test-tls-image
test-tls-image: $(TLS_SERVER) $(TLS_B)/m4/small-tls12_psk/client.elf
	@$(PYTHON) $(TLS)/tools/check_tls.py $(B) m4 small-tls12_psk Benchmarks/results/tls.json
