// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {ICommonErrors} from "../../../contracts/interfaces/ICommonErrors.sol";
import {IMandateBook} from "../../../contracts/interfaces/IMandateBook.sol";
import {BatchKind, TradeRequest} from "../../../contracts/interfaces/ITrade.sol";
import {MandateRequest} from "../../../contracts/types/Mandate.sol";
import {OrderRequest} from "../../../contracts/types/Order.sol";
import {Terms, TermsWords} from "../../../contracts/types/Terms.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame, HandlerBase} from "./HandlerBase.sol";

/// @title TrespassActions
/// @notice A stranger tries everything that only a sister contract, an owner or a role may do, and is told so by name.
abstract contract TrespassActions is HandlerBase {
    using Random for Dice;

    /// @dev One function and arguments with which it would do something if it let the caller.
    struct Attempt {
        string name;
        address target;
        bytes call_;
        bytes4 refusal;
    }

    /// @dev Attempts so far: each takes its turn, so that none is left out.
    uint256 private _turns;

    function trespass(uint256 seed) external {
        Dice memory dice = _dice(seed);
        uint256 positionId = _openIds.length == 0 ? 1 : _openIds[dice.below(_openIds.length)];
        for (uint256 i; i < 4; ++i) _trespass(positionId);
    }

    function _trespass(uint256 positionId) private {
        uint256 turn = _turns++ % 43;
        Attempt memory attempt;
        attempt.refusal = ICommonErrors.NotAuthorized.selector;
        if (turn < 16) _tryVault(attempt, turn, positionId);
        else if (turn < 25) _tryPool(attempt, turn - 16);
        else if (turn < 34) _tryCharter(attempt, turn - 25);
        else _tryBooks(attempt, turn - 34, positionId);

        Frame memory frame = _capture(attempt.name);
        uint256 heldBefore = _wealthOf(STRANGER);
        vm.prank(STRANGER);
        (bool success, bytes memory reason) = attempt.target.call(attempt.call_);
        if (success) {
            _breach(3, frame.action, "a stranger was let in", positionId);
        } else {
            _refused(frame.action, reason);
            if (bytes4(reason) != attempt.refusal) {
                _breach(NO_PANIC, frame.action, "refused for another reason", uint32(bytes4(reason)));
            }
        }
        if (_wealthOf(STRANGER) != heldBefore) _breach(3, frame.action, "a stranger was paid", positionId);
        _count("strangers turned away");
        _compare(frame);
    }

    function _tryVault(Attempt memory attempt, uint256 choice, uint256 positionId) private view {
        TradeRequest memory trade;
        trade.positionId = positionId;
        string[16] memory names = [
            "escrow",
            "publishTerms",
            "release",
            "beginBatch",
            "endBatch",
            "lock",
            "unlock",
            "beginFulfilment",
            "endFulfilment",
            "removeMargin",
            "trade",
            "setLimits",
            "settleMarket",
            "setMandated",
            "assignPosition",
            "releaseProtocolFees"
        ];
        bytes[16] memory calls = [
            abi.encodeCall(_vault.escrow, (STRANGER, 0, positionId)),
            abi.encodeCall(_vault.publishTerms, (TermsWords(1, 1))),
            abi.encodeCall(_vault.release, (STRANGER, 1e18, 0, 0, false)),
            abi.encodeCall(_vault.beginBatch, ("", BatchKind.Spot)),
            abi.encodeCall(_vault.endBatch, (STRANGER, 1e18)),
            abi.encodeCall(_vault.lock, ()),
            abi.encodeCall(_vault.unlock, ()),
            abi.encodeCall(_vault.beginFulfilment, ("", 60)),
            abi.encodeCall(_vault.endFulfilment, (1, 1)),
            abi.encodeCall(_vault.removeMargin, (positionId, 1, STRANGER, "")),
            abi.encodeCall(_vault.trade, (trade)),
            abi.encodeCall(_vault.setLimits, (1, 1)),
            abi.encodeCall(_vault.settleMarket, ()),
            abi.encodeCall(_vault.setMandated, (positionId, true)),
            abi.encodeCall(_vault.assignPosition, (positionId, STRANGER)),
            abi.encodeCall(_vault.releaseProtocolFees, (STRANGER))
        ];
        (attempt.target, attempt.call_) = (address(_vault), calls[choice]);
        attempt.name = string.concat("MarginVault.", names[choice]);
        bool closed = choice == 9 && _vault.position(positionId).size == 0;
        if (closed) attempt.refusal = ICommonErrors.PositionNotFound.selector;
    }

    function _tryPool(Attempt memory attempt, uint256 choice) private view {
        address owner = address(0xF1257);
        string[9] memory names = [
            "lockReserve",
            "releaseReserve",
            "receiveDues",
            "requestDeposit",
            "requestRedeem",
            "withdraw",
            "redeem",
            "deposit(uint256,address,address)",
            "mint(uint256,address,address)"
        ];
        bytes[9] memory calls = [
            abi.encodeCall(_pool.lockReserve, (1e18)),
            abi.encodeCall(_pool.releaseReserve, (1e18, 1e18, STRANGER)),
            abi.encodeCall(_pool.receiveDues, (1e18)),
            abi.encodeCall(_pool.requestDeposit, (1e18, STRANGER, owner)),
            abi.encodeCall(_pool.requestRedeem, (1e18, STRANGER, owner)),
            abi.encodeCall(_pool.withdraw, (1, STRANGER, owner)),
            abi.encodeCall(_pool.redeem, (1, STRANGER, owner)),
            abi.encodeWithSignature("deposit(uint256,address,address)", 1, STRANGER, owner),
            abi.encodeWithSignature("mint(uint256,address,address)", 1, STRANGER, owner)
        ];
        (attempt.target, attempt.call_) = (address(_pool), calls[choice]);
        attempt.name = string.concat("LiquidityVault.", names[choice]);
        if (choice == 4) attempt.refusal = IERC20Errors.ERC20InsufficientAllowance.selector;
    }

    function _tryCharter(Attempt memory attempt, uint256 choice) private view {
        Terms memory terms = _charter.terms(1);
        string[9] memory names = [
            "announceTerms",
            "announceMaxOpenInterest",
            "announceProtocolFeeReceiver",
            "withdraw",
            "stopIncreases",
            "resumeIncreases",
            "offerRole",
            "acceptRole",
            "initialize"
        ];
        bytes[9] memory calls = [
            abi.encodeCall(_charter.announceTerms, (terms)),
            abi.encodeCall(_charter.announceMaxOpenInterest, (1)),
            abi.encodeCall(_charter.announceProtocolFeeReceiver, (STRANGER)),
            abi.encodeCall(_charter.withdraw, (1)),
            abi.encodeCall(_charter.stopIncreases, ()),
            abi.encodeCall(_charter.resumeIncreases, ()),
            abi.encodeCall(_charter.offerRole, ("curator", STRANGER)),
            abi.encodeCall(_charter.acceptRole, ("guardian")),
            abi.encodeCall(_charter.initialize, ())
        ];
        (attempt.target, attempt.call_) = (address(_charter), calls[choice]);
        attempt.name = string.concat("MarketCharter.", names[choice]);
        if (choice == 8) attempt.refusal = Initializable.InvalidInitialization.selector;
    }

    function _tryBooks(Attempt memory attempt, uint256 choice, uint256 positionId) private view {
        OrderRequest memory order;
        MandateRequest memory mandate;
        mandate.positionId = positionId;
        address owner = _vault.position(positionId).owner;
        bytes memory signature = new bytes(65);
        uint256 nonce = _mandates.nonces(owner);
        string[9] memory names = [
            "OrderBook.submitFor",
            "OrderBook.transferPosition",
            "OrderBook.labelPosition",
            "MandateBook.setMandate",
            "MandateBook.revokeMandate",
            "MandateBook.addMarginFor",
            "MandateBook.pull",
            "MandateBook.setMandateBySignature",
            "MandateBook.pullExactly"
        ];
        bytes[9] memory calls = [
            abi.encodeCall(_book.submitFor, (owner, order)),
            abi.encodeCall(_book.transferPosition, (positionId, STRANGER)),
            abi.encodeCall(_book.labelPosition, (positionId, "")),
            abi.encodeCall(_mandates.setMandate, (mandate)),
            abi.encodeCall(_mandates.revokeMandate, (positionId)),
            abi.encodeCall(_mandates.addMarginFor, (positionId, 1)),
            abi.encodeCall(_mandates.pull, (positionId, owner, 1, 2, 1, true)),
            abi.encodeCall(_mandates.setMandateBySignature, (mandate, nonce, type(uint256).max, signature)),
            abi.encodeWithSignature("pullExactly(address,address,address,uint256)", _token, owner, _vault, 1)
        ];
        bool ofMandates = choice > 2;
        (attempt.target, attempt.call_) = (ofMandates ? address(_mandates) : address(_book), calls[choice]);
        attempt.name = names[choice];
        bool needsOpen = choice == 1 || choice == 3 || choice == 5 || choice == 7;
        if (needsOpen && _vault.position(positionId).size == 0) {
            attempt.refusal = ICommonErrors.PositionNotFound.selector;
        } else if (choice == 7) {
            attempt.refusal = IMandateBook.SignatureInvalid.selector;
        }
    }
}
