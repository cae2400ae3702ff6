/* What the cycle model uses of QEMU's plugin API, version 1 (QEMU 4.2 to 9.0). Debian's qemu-system-arm exports these
 * functions and does not package the header; QEMU documents them in docs/devel/tcg-plugins. */
#ifndef CYCLES_QEMU_PLUGIN_H
#define CYCLES_QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_API_VERSION 1

typedef uint64_t qemu_plugin_id;

/* A block of instructions and one of them, while QEMU translates them. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* What a callback does with the processor's registers: QEMU need not save them for ours. */
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };

typedef void (*qemu_plugin_translated)(qemu_plugin_id id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_executed)(unsigned cpu, void *data);
typedef void (*qemu_plugin_accessed)(unsigned cpu, uint32_t info, uint64_t address, void *data);
typedef void (*qemu_plugin_ended)(qemu_plugin_id id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id id, qemu_plugin_translated callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, qemu_plugin_executed callback,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_accessed callback,
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id id, qemu_plugin_ended callback, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* log2 of the bytes of an access, and whether it is a store. */
unsigned qemu_plugin_mem_size_shift(uint32_t info);

#endif
