//! What the endpoints answer.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};

use super::{get, post, setup, sse, text};
use crate::executor::scripted::scripted_text;

fn events(text: &str) -> Vec<Value> {
    sse(text)
        .into_iter()
        .map(|(name, data)| {
            let value: Value = serde_json::from_str(&data).unwrap();
            assert_eq!(value["type"], json!(name.unwrap()));
            value
        })
        .collect()
}

#[tokio::test]
async fn a_stream_says_token_by_token_what_the_whole_answer_says() {
    let setup = setup();
    let body = |stream: bool| {
        json!({"prompt": "hello", "max_new_tokens": 9, "seed": 3, "logprobs": 2, "stream": stream})
            .to_string()
    };
    let (status, whole) = setup.json(post("/api/generate", body(false))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(whole["completion"], scripted_text(3, 9));
    assert_eq!(whole["finish_reason"], "length");
    assert_eq!(
        (&whole["prompt_tokens"], &whole["completion_tokens"]),
        (&json!(5), &json!(9))
    );
    assert_eq!(whole["tokens"].as_array().unwrap().len(), 9);
    assert_eq!(
        whole["tokens"][0]["alternatives"].as_array().unwrap().len(),
        2
    );
    assert_eq!(whole["seed"], 3);
    assert_eq!(whole["provenance"]["model"], "scripted");

    let mut request = post("/api/generate", body(true));
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, "gzip, br".parse().unwrap());
    let response = setup.send(request).await;
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/event-stream"
    );
    // Compression would hold events back.
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    let events = events(&text(response).await);
    assert_eq!(events.len(), 11);
    assert_eq!(events[0]["type"], "start");
    assert_eq!(events[0]["provenance"], whole["provenance"]);
    assert_eq!(events[10]["type"], "done");
    assert_eq!(events[10]["completion_tokens"], 9);
    let joined: String = events
        .iter()
        .filter_map(|event| event["text"].as_str())
        .collect();
    assert_eq!(joined, whole["completion"]);
    for (event, token) in events[1..10]
        .iter()
        .zip(whole["tokens"].as_array().unwrap())
    {
        assert_eq!(event["logprob"], token["chosen"]["logprob"]);
        assert_eq!(event["alternatives"], token["alternatives"]);
    }
}

#[tokio::test]
async fn log_probabilities_are_left_out_unless_asked_for() {
    let setup = setup();
    let body = json!({"prompt": "hello", "max_new_tokens": 2, "stream": true}).to_string();
    let events = events(&text(setup.send(post("/api/generate", body)).await).await);
    assert_eq!(events[1].get("logprob"), None);
    assert_eq!(events[1].get("alternatives"), None);
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_stream_is_its_last_event() {
    let setup = setup();
    let body = json!({"prompt": "PANIC", "stream": true}).to_string();
    let response = setup.send(post("/api/generate", body)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let events = events(&text(response).await);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "error");
    assert_eq!(last["error"]["type"], "internal");

    let body = json!({"model": "scripted", "prompt": "PANIC", "stream": true}).to_string();
    let answer = text(setup.send(post("/v1/completions", body)).await).await;
    let chunks = sse(&answer);
    assert_eq!(chunks.len(), 1, "{answer}");
    assert!(chunks[0].1.contains(r#""type":"internal""#));

    // Not streamed, it is a status.
    let body = json!({"prompt": "PANIC"}).to_string();
    let (status, body) = setup.json(post("/api/generate", body)).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(body["error"]["type"], "internal");

    // Three failures in a row: the engine is given up, and health says so.
    let (status, health) = setup.json(get("/health")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(health["status"], "failed");
    assert_eq!(health["models"][0]["healthy"], false);
    let (status, _) = setup.json(post("/api/generate", r#"{"prompt":"a"}"#)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn completions_come_in_openais_layout() {
    let setup = setup();
    let body = json!({
        "model": "scripted", "prompt": ["ab", "xyz"], "n": 2, "seed": 5, "max_tokens": 4,
        "logprobs": 1, "stop": ["never"]
    });
    let (status, whole) = setup.json(post("/v1/completions", body.to_string())).await;
    assert_eq!(status, StatusCode::OK, "{whole}");
    assert_eq!(whole["object"], "text_completion");
    let choices = whole["choices"].as_array().unwrap();
    let texts: Vec<&str> = choices
        .iter()
        .map(|choice| choice["text"].as_str().unwrap())
        .collect();
    let (five, six) = (scripted_text(5, 4), scripted_text(6, 4));
    assert_eq!(texts, [&five, &six, &five, &six]);
    for (index, choice) in choices.iter().enumerate() {
        assert_eq!(choice["index"], index);
        assert_eq!(choice["finish_reason"], "length");
        assert_eq!(choice["logprobs"]["text_offset"], json!([0, 1, 2, 3]));
        assert_eq!(choice["logprobs"]["tokens"].as_array().unwrap().len(), 4);
        assert_eq!(
            choice["logprobs"]["top_logprobs"][0]
                .as_object()
                .unwrap()
                .len(),
            1
        );
    }
    // The prompts are counted once each, whatever n is.
    assert_eq!(
        whole["usage"],
        json!({"prompt_tokens": 5, "completion_tokens": 16, "total_tokens": 21})
    );

    let mut streamed = body.clone();
    streamed["stream"] = json!(true);
    streamed["stream_options"] = json!({"include_usage": true});
    let answer = text(
        setup
            .send(post("/v1/completions", streamed.to_string()))
            .await,
    )
    .await;
    let chunks = sse(&answer);
    assert_eq!(chunks.last().unwrap().1, "[DONE]");
    let mut joined = vec![String::new(); 4];
    let mut finished = 0;
    let mut usage = Value::Null;
    for (name, data) in &chunks[..chunks.len() - 1] {
        assert_eq!(*name, None);
        let chunk: Value = serde_json::from_str(data).unwrap();
        for choice in chunk["choices"].as_array().unwrap() {
            let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
            joined[index].push_str(choice["text"].as_str().unwrap());
            finished += usize::from(choice["finish_reason"] == "length");
        }
        if chunk.get("usage").is_some() {
            usage = chunk["usage"].clone();
        }
    }
    assert_eq!(joined, texts);
    assert_eq!(finished, 4);
    assert_eq!(usage, whole["usage"]);
}

#[tokio::test]
async fn a_seed_that_is_not_given_is_drawn_and_told() {
    let setup = setup();
    let body = json!({"model": "scripted", "prompt": "p", "max_tokens": 8}).to_string();
    let (_, first) = setup.json(post("/v1/completions", body.clone())).await;
    let (_, second) = setup.json(post("/v1/completions", body)).await;
    assert_ne!(first["seed"], second["seed"]);
    let seed = first["seed"].as_u64().unwrap();
    assert_eq!(first["choices"][0]["text"], scripted_text(seed, 8));
    assert_eq!(first["choices"][0]["logprobs"], Value::Null);
}

#[tokio::test]
async fn texts_are_measured() {
    let setup = setup();
    let body = json!({"texts": ["abc", "x", "abcdefg"]}).to_string();
    let (status, answer) = setup.json(post("/api/perplexity", body)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let close = |value: &Value, to: f64| (value.as_f64().unwrap() - to).abs() < 1e-4;
    let texts = answer["texts"].as_array().unwrap();
    assert_eq!(texts[0]["tokens"], 2);
    assert!(close(&texts[0]["perplexity"], 4.0));
    assert!(close(&texts[0]["log_likelihood"], 2.0 * 0.25_f64.ln()));
    // One token for a model without a begin token: nothing to measure, and no NaN in JSON.
    assert_eq!(
        texts[1],
        json!({"log_likelihood": 0.0, "tokens": 0, "perplexity": null})
    );
    assert_eq!(answer["total"]["tokens"], 8);
    assert_eq!(answer["provenance"]["device"], "script");
}

#[tokio::test]
async fn models_devices_and_counts_are_shown() {
    let setup = setup();
    let (_, before) = setup.json(get("/api/models")).await;
    assert_eq!(before["models"][0]["id"], "scripted");
    assert_eq!(before["models"][0]["loaded"], false);
    let (status, _) = setup
        .json(post(
            "/api/generate",
            r#"{"prompt":"abc","max_new_tokens":6}"#,
        ))
        .await;
    assert_eq!(status, StatusCode::OK);
    let (_, after) = setup.json(get("/api/models")).await;
    assert_eq!(
        after["models"][0],
        json!({
            "id": "scripted", "family": "script", "languages": ["en"], "licence": "MIT",
            "bytes": 7, "installed": true, "loaded": true, "default": true
        })
    );
    assert_eq!(after["models"][1]["installed"], false);
    let (_, openai) = setup.json(get("/v1/models")).await;
    assert_eq!(openai["data"].as_array().unwrap().len(), 1);
    assert_eq!(openai["data"][0]["id"], "scripted");
    let (_, devices) = setup.json(get("/api/devices")).await;
    assert_eq!(devices["devices"][0]["name"], "cpu");
    let (_, description) = setup.json(get("/openapi.json")).await;
    assert!(description["paths"]["/api/generate"]["post"].is_object());

    setup.send(get("/api/nothing")).await;
    let metrics = text(setup.send(get("/metrics")).await).await;
    for line in [
        "polydetox_completion_tokens_total{model=\"scripted\"} 6",
        "polydetox_prompt_tokens_total{model=\"scripted\"} 3",
        "polydetox_running{model=\"scripted\"} 0",
        "polydetox_queue_depth{model=\"scripted\"} 0",
        "polydetox_sequences_finished_total{model=\"scripted\"} 1",
        "polydetox_decode_tokens_per_second_count{model=\"scripted\"} 1",
        "polydetox_first_token_seconds_count{model=\"scripted\"} 1",
        "polydetox_http_errors_total{kind=\"not_found\"} 1",
        "polydetox_http_requests_total{route=\"/api/generate\",method=\"POST\",status=\"200\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(metrics.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_model_at_rest_makes_room_and_one_at_work_does_not() {
    let setup = setup();
    let ask = |model: &str| {
        let body = json!({"model": model, "prompt": "p", "max_new_tokens": 4, "stream": true});
        setup.send(post("/api/generate", body.to_string()))
    };
    let names = || -> Vec<String> {
        let loaded = setup.server.shelf.loaded();
        loaded.iter().map(|model| model.id.clone()).collect()
    };
    text(ask("scripted").await).await;
    text(ask("second").await).await;
    assert_eq!(names(), ["scripted", "second"]);
    text(ask("scripted").await).await;
    // `second` has been at rest for longest.
    text(ask("third").await).await;
    assert_eq!(names(), ["scripted", "third"]);

    setup.script.hold();
    let at_work = [ask("scripted").await, ask("third").await];
    let refused = ask("second").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    setup.script.release();
    for response in at_work {
        assert!(text(response).await.contains("event: done"));
    }
}
