// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMandateBook} from "../../../contracts/interfaces/IMandateBook.sol";
import {IMarginVault} from "../../../contracts/interfaces/IMarginVault.sol";
import {IMarketCharter} from "../../../contracts/interfaces/IMarketCharter.sol";
import {IOrderBook} from "../../../contracts/interfaces/IOrderBook.sol";
import {Market} from "../../../contracts/types/Market.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {Terms} from "../../../contracts/types/Terms.sol";
import {ContractOwner} from "../doubles/ContractOwner.sol";
import {RoundOracle} from "../doubles/RoundOracle.sol";
import {RefusingToken} from "../doubles/RefusingToken.sol";
import {IPool, World} from "../support/Deployment.sol";
import {Ghosts} from "../support/Ghosts.sol";
import {Model} from "../support/Model.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";

/// @dev The market right before a call, at the same second.
struct Frame {
    string action;
    uint256[] positionIds;
    bytes32[] fingerprints;
    Market market;
    int256 fundingIndex;
    int256 borrowIndex;
    uint256 cash;
    uint256 reserved;
}

/// @title HandlerBase
/// @notice What every action shares: who acts, what the time is, and the laws that hold across any call whatever.
abstract contract HandlerBase {
    using Model for Market;
    using Random for Dice;

    /// @dev Breaches that belong to no law: a call that panics, or fails for a reason without a name.
    uint256 internal constant NO_PANIC = 0;

    address internal constant STRANGER = address(0x57A4);

    IMarginVault internal immutable _vault;
    IPool internal immutable _pool;
    IOrderBook internal immutable _book;
    IMarketCharter internal immutable _charter;
    IMandateBook internal immutable _mandates;
    RefusingToken internal immutable _token;
    RoundOracle internal immutable _oracle;
    Ghosts internal immutable _ghosts;
    uint256 internal immutable _scale;
    uint256 internal immutable _skewScale;
    uint256 internal immutable _latencySpread;
    uint256 internal immutable _sequencerGrace;
    uint256 internal immutable _salt;
    /// @dev An account with code.
    ContractOwner internal immutable _contractOwner;

    /// @dev Kept here: the compiler may read the block's time once for a whole call, cheatcodes or not [s].
    uint256 internal _time;
    /// @dev Actions so far.
    uint256 internal _steps;
    uint256[] internal _openIds;
    uint256[] internal _waitingIds;

    constructor(World memory world, Ghosts ghosts, uint256 time_, uint256 salt) {
        _vault = world.vault;
        _pool = world.pool;
        _book = world.book;
        _charter = world.charter;
        _mandates = world.mandates;
        _token = world.token;
        _oracle = world.oracle;
        _scale = world.scale;
        _skewScale = world.skewScale;
        _latencySpread = world.latencySpread;
        _sequencerGrace = world.sequencerGrace;
        _contractOwner = new ContractOwner();
        _ghosts = ghosts;
        _time = time_;
        _salt = salt;
        ghosts.register(world.protocolFeeReceiver);
        ghosts.register(STRANGER);
        ghosts.setClock(world.vault.market().clock);
        _startTwin();
    }

    function openIds() external view returns (uint256[] memory) {
        return _openIds;
    }

    function waitingIds() external view returns (uint256[] memory) {
        return _waitingIds;
    }

    function time() external view returns (uint256) {
        return _time;
    }

    /* WHO AND WHEN */

    function _dice(uint256 seed) internal returns (Dice memory) {
        ++_steps;
        vm.warp(_time);
        return Random.dice(seed, _salt);
    }

    function _advance(uint256 elapsed) internal {
        _time += elapsed;
        vm.warp(_time);
    }

    /// @dev A new price is never of the same second as the one before.
    function _pushPrice(uint256 price) internal {
        _advance(1);
        _oracle.push(
            price < 20e18
                ? 20e18
                : price > 200_000e18
                    ? 200_000e18
                    : price
        );
    }

    function _priceNow() internal view returns (uint256 price) {
        (price, ) = _oracle.round(_oracle.roundCount());
    }

    function _advanceTo(uint256 timestamp) internal {
        if (timestamp > _time && timestamp < _time + 30 days) _advance(timestamp - _time);
    }

    /// @dev A third of all positions belongs to an account of their own, so that what it holds tells what they paid; the
    /// others to accounts that sign, to one with code, and to two more.
    function _pickOwner(Dice memory dice) internal view returns (address) {
        if (dice.chance(35)) return address(uint160(0x0B0E0000 + _book.orderCount()));
        uint256 choice = dice.below(5);
        if (choice == 4) return address(_contractOwner);
        return choice < 2 ? _signer(choice) : address(uint160(0xA11CE0 + choice));
    }

    function _signer(uint256 index) internal pure returns (address) {
        return vm.addr(_keyOf(index));
    }

    function _keyOf(uint256 index) internal pure returns (uint256) {
        return 0x5161 + index;
    }

    /// @dev The terms that a position is held to.
    function _termsOf(Position memory position) internal view returns (Terms memory) {
        return _charter.terms(position.termsId);
    }

    function _pickKeeper(Dice memory dice) internal returns (address keeper) {
        keeper = address(uint160(0x4EE9E0 + dice.below(3)));
        _ghosts.register(keeper);
        // Whoever cannot be paid claims later.
        if (dice.chance(6)) _token.refuse(keeper, _time + 30);
        vm.deal(keeper, 1 ether);
    }

    /// @dev A second address of an account, for the receivers it names.
    function _purseOf(address account) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("purse", account)))));
    }

    function _give(address account, uint256 amountToken, address spender) internal {
        _ghosts.register(account);
        _ghosts.register(_purseOf(account));
        _ghosts.addPaidIn(account, amountToken);
        _token.mint(account, amountToken);
        vm.prank(account);
        _token.approve(spender, type(uint256).max);
    }

    /// @dev What an account holds or may claim at once [token].
    function _wealthOf(address account) internal view returns (uint256) {
        return _heldBy(account) + _heldBy(_purseOf(account));
    }

    function _heldBy(address account) internal view returns (uint256) {
        return _token.balanceOf(account) + _vault.claimable(account) + _pool.claimable(account);
    }

    /* BEFORE AND AFTER */

    function _capture(string memory action) internal returns (Frame memory frame) {
        _ghosts.tried(action);
        frame.action = action;
        frame.positionIds = _openIds;
        frame.fingerprints = new bytes32[](frame.positionIds.length);
        for (uint256 i; i < frame.positionIds.length; ++i) {
            frame.fingerprints[i] = _fingerprint(frame.positionIds[i]);
        }
        frame.market = _vault.market();
        frame.fundingIndex = frame.market.fundingIndexAt(_time);
        frame.borrowIndex = frame.market.borrowIndexAt(_time);
        frame.cash = _pool.cash();
        frame.reserved = _pool.reserved();
    }

    /// @dev What no call may ever do. `touched` are the positions that the call was about, `reserveAdded` what it
    /// locked for them; `poolMoves` says that providers came or went.
    function _compare(
        Frame memory frame,
        uint256[] memory touched,
        uint256 reserveAdded,
        bool poolMoves
    ) internal returns (int256 poolNet) {
        for (uint256 i; i < frame.positionIds.length; ++i) {
            uint256 positionId = frame.positionIds[i];
            if (_contains(touched, positionId) || frame.fingerprints[i] == _fingerprint(positionId)) continue;
            _breach(5, frame.action, "a position changed that the call was not about", positionId);
        }
        Market memory market = _vault.market();
        if (market.fundingIndexAt(_time) != frame.fundingIndex || market.borrowIndexAt(_time) != frame.borrowIndex) {
            _breach(9, frame.action, "an index jumped", _time);
        }
        if (market.clock < frame.market.clock) _breach(16, frame.action, "the clock went back", market.clock);
        uint256 left = address(_vault).balance + address(_pool).balance + address(_book).balance;
        if (left + address(_mandates).balance + address(_charter).balance != 0) {
            _breach(3, frame.action, "ether stayed behind", address(_vault).balance);
        }
        uint256 released = frame.reserved + reserveAdded - _pool.reserved();
        poolNet = int256(_pool.cash() + market.poolDue) - int256(frame.cash + frame.market.poolDue);
        if (!poolMoves && poolNet < -int256(released)) {
            _breach(7, frame.action, "the pool paid more than the reserve released", uint256(-poolNet) - released);
        }
        _followTwin(frame.market, market);
        _dropEnded();
    }

    function _compare(Frame memory frame, uint256 positionId) internal returns (int256) {
        uint256[] memory touched = new uint256[](1);
        touched[0] = positionId;
        return _compare(frame, touched, 0, false);
    }

    function _compare(Frame memory frame) internal returns (int256) {
        return _compare(frame, new uint256[](0), 0, false);
    }

    /// @dev What is due goes to the pool in whole units, or stays due where the token refuses.
    function _sweep() internal {
        Frame memory frame = _capture("MarginVault.sweepDues");
        uint256 swept = _vault.sweepDues();
        uint256 due = frame.market.poolDue / _scale;
        if (swept != (_token.isRefused(address(_pool)) ? 0 : due)) _breach(3, frame.action, "not all swept", swept);
        if (_pool.cash() != frame.cash + swept * _scale) _breach(3, frame.action, "cash is not what came", swept);
        if (swept != 0) _done(frame);
        _compare(frame);
    }

    function _done(Frame memory frame) internal {
        _ghosts.done(frame.action);
    }

    function _count(string memory what) internal {
        _ghosts.tried(what);
        _ghosts.done(what);
    }

    /// @dev Every refusal has a name. A panic, a cast that overflows or no reason at all is a fault.
    function _refused(string memory action, bytes memory reason) internal {
        bytes4 selector = bytes4(reason);
        _ghosts.refused(action, selector);
        bool named =
            reason.length >= 4 &&
                selector != bytes4(0x4e487b71) && // Panic(uint256)
                selector != bytes4(0x08c379a0) && // Error(string)
                selector != SafeCast.SafeCastOverflowedUintDowncast.selector &&
                selector != SafeCast.SafeCastOverflowedIntDowncast.selector &&
                selector != SafeCast.SafeCastOverflowedIntToUint.selector &&
                selector != SafeCast.SafeCastOverflowedUintToInt.selector;
        // An oracle that is out may refuse without a word.
        if (!named && (reason.length != 0 || !_oracle.isOut())) {
            _breach(NO_PANIC, action, "failed without a name", uint32(selector));
        }
    }

    function _breach(uint256 law, string memory action, string memory what, uint256 value) internal {
        _ghosts.breach(law, string.concat(action, ": ", what, ", ", _toString(value)));
    }

    function _contains(uint256[] memory list, uint256 item) internal pure returns (bool) {
        for (uint256 i; i < list.length; ++i) if (list[i] == item) return true;
        return false;
    }

    function _toString(uint256 value) internal pure returns (string memory text) {
        if (value == 0) return "0";
        for (; value != 0; value /= 10) {
            text = string.concat(string(abi.encodePacked(bytes1(uint8(48 + (value % 10))))), text);
        }
    }

    function _fingerprint(uint256 positionId) private view returns (bytes32) {
        return keccak256(abi.encode(_vault.position(positionId)));
    }

    function _startTwin() private {
        Market memory market = _vault.market();
        _ghosts.setTwin(
            Ghosts.Twin(
                market.fundingIndexAt(_time),
                market.borrowIndexAt(_time),
                market.fundingVelocity,
                int256(uint256(market.borrowRate)),
                _time
            )
        );
    }

    /// @dev The twin moves only when a rate changes: pokes in between must have made no difference.
    function _followTwin(Market memory before, Market memory market) private {
        if (before.fundingVelocity == market.fundingVelocity && before.borrowRate == market.borrowRate) return;
        Ghosts.Twin memory twin = _ghosts.twin();
        int256 elapsed = int256(_time - twin.accruedAt);
        twin.fundingIndex += twin.fundingVelocity * elapsed;
        twin.borrowIndex += twin.borrowRate * elapsed;
        twin.fundingVelocity = market.fundingVelocity;
        twin.borrowRate = int256(uint256(market.borrowRate));
        twin.accruedAt = _time;
        _ghosts.setTwin(twin);
    }

    function _dropEnded() private {
        for (uint256 i = _openIds.length; i != 0; --i) {
            if (_vault.position(_openIds[i - 1]).size == 0) _dropFrom(_openIds, i - 1);
        }
        for (uint256 i = _waitingIds.length; i != 0; --i) {
            if (_book.order(_waitingIds[i - 1]).submittedAt == 0) _dropFrom(_waitingIds, i - 1);
        }
        _ghosts.setClock(_vault.market().clock);
    }

    function _dropFrom(uint256[] storage list, uint256 index) private {
        list[index] = list[list.length - 1];
        list.pop();
    }
}
