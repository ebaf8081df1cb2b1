// Every function of the C API with every argument null, zero, huge, misaligned, closed, copied or overlapping another: a status, and
// nothing that is not the caller's was touched (which sanitizers see). Each call begins from the same open handles and the same memory.
// tests/house/c_api_test.cc compares the functions with those of the headers.
#include "tests/runtime/capi/refusals.h"

namespace kinglet {
namespace {

TEST_F(Refusals, EveryFunctionWithEveryArgument) {
  attack("kinglet_api_version", kinglet_api_version);
  attack("kinglet_beam_search_advance", kinglet_beam_search_advance);
  attack("kinglet_beam_search_consider", kinglet_beam_search_consider);
  attack("kinglet_beam_search_considered_all", kinglet_beam_search_considered_all);
  attack("kinglet_beam_search_create", kinglet_beam_search_create);
  attack("kinglet_beam_search_made", kinglet_beam_search_made);
  attack("kinglet_beam_search_next", kinglet_beam_search_next);
  attack("kinglet_beam_search_result", kinglet_beam_search_result);
  attack("kinglet_beam_search_results", kinglet_beam_search_results);
  attack("kinglet_beam_search_running", kinglet_beam_search_running);
  attack("kinglet_beam_search_workspace_bytes", kinglet_beam_search_workspace_bytes);
  attack("kinglet_capture_make", kinglet_capture_make);
  attack("kinglet_chat_clear", kinglet_chat_clear);
  attack("kinglet_chat_create", kinglet_chat_create);
  attack("kinglet_chat_rendered_bytes", kinglet_chat_rendered_bytes);
  attack("kinglet_chat_say", kinglet_chat_say);
  attack("kinglet_classifier_best", kinglet_classifier_best);
  attack("kinglet_classifier_classify", kinglet_classifier_classify);
  attack("kinglet_classifier_create", kinglet_classifier_create);
  attack("kinglet_classifier_label", kinglet_classifier_label);
  attack("kinglet_classifier_labels", kinglet_classifier_labels);
  attack("kinglet_classifier_labels_tokens", kinglet_classifier_labels_tokens);
  attack("kinglet_classifier_logits", kinglet_classifier_logits);
  attack("kinglet_classifier_probabilities", kinglet_classifier_probabilities);
  attack("kinglet_classifier_rows", kinglet_classifier_rows);
  attack("kinglet_classifier_tokens", kinglet_classifier_tokens);
  attack("kinglet_classifier_workspace_bytes", kinglet_classifier_workspace_bytes);
  attack("kinglet_embedder_count", kinglet_embedder_count);
  attack("kinglet_embedder_create", kinglet_embedder_create);
  attack("kinglet_embedder_embed", kinglet_embedder_embed);
  attack("kinglet_embedder_pools", kinglet_embedder_pools);
  attack("kinglet_embedder_rows", kinglet_embedder_rows);
  attack("kinglet_embedder_tokens", kinglet_embedder_tokens);
  attack("kinglet_embedder_vector", kinglet_embedder_vector);
  attack("kinglet_embedder_workspace_bytes", kinglet_embedder_workspace_bytes);
  attack("kinglet_generator_add_text", kinglet_generator_add_text);
  attack("kinglet_generator_add_tokens", kinglet_generator_add_tokens);
  attack("kinglet_generator_clear", kinglet_generator_clear);
  attack("kinglet_generator_create", kinglet_generator_create);
  attack("kinglet_generator_generate", kinglet_generator_generate);
  attack("kinglet_generator_names_special", kinglet_generator_names_special);
  attack("kinglet_generator_result", kinglet_generator_result);
  attack("kinglet_generator_result_text", kinglet_generator_result_text);
  attack("kinglet_generator_results", kinglet_generator_results);
  attack("kinglet_generator_tokens", kinglet_generator_tokens);
  attack("kinglet_generator_truncate", kinglet_generator_truncate);
  attack("kinglet_generator_workspace_bytes", kinglet_generator_workspace_bytes);
  attack("kinglet_isa_count", kinglet_isa_count);
  attack("kinglet_isa_get", kinglet_isa_get);
  attack("kinglet_model_get_attention", kinglet_model_get_attention);
  attack("kinglet_model_get_info", kinglet_model_get_info);
  attack("kinglet_model_label", kinglet_model_label);
  attack("kinglet_model_language", kinglet_model_language);
  attack("kinglet_model_open", kinglet_model_open);
  attack("kinglet_model_open_signed", kinglet_model_open_signed);
  attack("kinglet_model_operator_name", kinglet_model_operator_name);
  attack("kinglet_model_operator_type", kinglet_model_operator_type);
  attack("kinglet_model_property", kinglet_model_property);
  attack("kinglet_model_property_key", kinglet_model_property_key);
  attack("kinglet_model_tokens", kinglet_model_tokens);
  attack("kinglet_model_verify_checksums", kinglet_model_verify_checksums);
  attack("kinglet_picture_input_create", kinglet_picture_input_create);
  attack("kinglet_picture_input_prepare", kinglet_picture_input_prepare);
  attack("kinglet_picture_input_size", kinglet_picture_input_size);
  attack("kinglet_picture_input_workspace_bytes", kinglet_picture_input_workspace_bytes);
  attack("kinglet_plan_get_info", kinglet_plan_get_info);
  attack("kinglet_plan_get_limits", kinglet_plan_get_limits);
  attack("kinglet_plan_make", kinglet_plan_make);
  attack("kinglet_sampler_create", kinglet_sampler_create);
  attack("kinglet_sampler_next", kinglet_sampler_next);
  attack("kinglet_sampler_is_greedy", kinglet_sampler_is_greedy);
  attack("kinglet_sampler_workspace_bytes", kinglet_sampler_workspace_bytes);
  attack("kinglet_session_capture", kinglet_session_capture);
  attack("kinglet_session_captures", kinglet_session_captures);
  attack("kinglet_session_create", kinglet_session_create);
  attack("kinglet_session_encode", kinglet_session_encode);
  attack("kinglet_session_forget", kinglet_session_forget);
  attack("kinglet_session_get_limits", kinglet_session_get_limits);
  attack("kinglet_session_get_plan", kinglet_session_get_plan);
  attack("kinglet_session_isa", kinglet_session_isa);
  attack("kinglet_session_length", kinglet_session_length);
  attack("kinglet_session_output", kinglet_session_output);
  attack("kinglet_session_outputs", kinglet_session_outputs);
  attack("kinglet_session_pick", kinglet_session_pick);
  attack("kinglet_session_picked", kinglet_session_picked);
  attack("kinglet_session_reorder", kinglet_session_reorder);
  attack("kinglet_session_restrict", kinglet_session_restrict);
  attack("kinglet_session_source_length", kinglet_session_source_length);
  attack("kinglet_session_stop_picking", kinglet_session_stop_picking);
  attack("kinglet_session_step", kinglet_session_step);
  attack("kinglet_session_truncate", kinglet_session_truncate);
  attack("kinglet_sound_input_create", kinglet_sound_input_create);
  attack("kinglet_sound_input_features", kinglet_sound_input_features);
  attack("kinglet_sound_input_features_of_16_bits", kinglet_sound_input_features_of_16_bits);
  attack("kinglet_sound_input_rate", kinglet_sound_input_rate);
  attack("kinglet_sound_input_samples", kinglet_sound_input_samples);
  attack("kinglet_sound_input_size", kinglet_sound_input_size);
  attack("kinglet_sound_input_workspace_bytes", kinglet_sound_input_workspace_bytes);
  attack("kinglet_token_marks_create", kinglet_token_marks_create);
  attack("kinglet_token_marks_stop", kinglet_token_marks_stop);
  attack("kinglet_token_marks_stops", kinglet_token_marks_stops);
  attack("kinglet_token_marks_suppress", kinglet_token_marks_suppress);
  attack("kinglet_token_marks_suppress_first", kinglet_token_marks_suppress_first);
  attack("kinglet_token_marks_suppressed", kinglet_token_marks_suppressed);
  attack("kinglet_token_marks_workspace_bytes", kinglet_token_marks_workspace_bytes);
  attack("kinglet_tokenizer_count", kinglet_tokenizer_count);
  attack("kinglet_tokenizer_decode", kinglet_tokenizer_decode);
  attack("kinglet_tokenizer_decode_bytes", kinglet_tokenizer_decode_bytes);
  attack("kinglet_tokenizer_decode_next", kinglet_tokenizer_decode_next);
  attack("kinglet_tokenizer_encode", kinglet_tokenizer_encode);
  attack("kinglet_tokenizer_encode_pair", encode_pair);
  attack("kinglet_tokenizer_find", kinglet_tokenizer_find);
  attack("kinglet_tokenizer_finish", kinglet_tokenizer_finish);
  attack("kinglet_tokenizer_is_special", kinglet_tokenizer_is_special);
  attack("kinglet_tokenizer_open", kinglet_tokenizer_open);
  attack("kinglet_tokenizer_piece", kinglet_tokenizer_piece);
  attack("kinglet_tokenizer_scratch_bytes", kinglet_tokenizer_scratch_bytes);
  attack("kinglet_translator_create", kinglet_translator_create);
  attack("kinglet_translator_source_tokens", kinglet_translator_source_tokens);
  attack("kinglet_translator_tokens", kinglet_translator_tokens);
  attack("kinglet_translator_translate", kinglet_translator_translate);
  attack("kinglet_translator_translate_grids", kinglet_translator_translate_grids);
  attack("kinglet_translator_workspace_bytes", kinglet_translator_workspace_bytes);
  EXPECT_GT(calls_, 1000);
  EXPECT_GT(pairs_, 200);
  // Pictures are read by another model than these (tests/ports/host).
  EXPECT_EQ(never_, "kinglet_translator_translate_grids ");
  // The others want more than one argument to be what it is here once only: MemoryThatOverlaps has them.
  EXPECT_EQ(unpaired_,
            "kinglet_classifier_best kinglet_classifier_probabilities kinglet_session_capture "
            "kinglet_translator_translate_grids ");
}

}  // namespace
}  // namespace kinglet
